"""UPDATE, DELETE and INSERT, which Spark's plain tables lack or have otherwise, as queries.

Each gives the rows that the table has afterwards, or those that are added to it. They are written
for trees that ``spark_sql.parse`` has made and ``fill`` has filled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from warehouse.engines.base import Table
from warehouse.engines.spark_sql import name, write


@dataclass(frozen=True)
class Rewriting:
    """A statement that changes rows of a table, as queries over it.

    ``count`` gives the number of rows that change; ``rows`` all rows as they are afterwards, their
    columns in the table's order.
    """

    count: str
    rows: str


def target(tree: exp.Expr) -> Table:
    """The table that a statement names first."""
    table = tree.this
    while not isinstance(table, exp.Table):
        table = table.this
    return Table(table.db, table.name)


def inserted(tree: exp.Expr, columns: Mapping[str, str]) -> tuple[str, int | None]:
    """The rows an INSERT adds, with all columns of the table; how many, where it says so itself."""
    given = tree.this
    named = [one.name for one in given.expressions] if isinstance(given, exp.Schema) else []
    rows = tree.expression
    names = {one.lower(): place for place, one in enumerate(named or columns)}
    width = len(named) or len(columns)
    if isinstance(rows, exp.Values):
        width = len(rows.expressions[0].expressions)
    values = ", ".join(
        f"cast({f'c{names[one.lower()]}' if one.lower() in names else 'null'} as {kind})"
        f" as {name(one)}"
        for one, kind in columns.items()
    )
    aliases = ", ".join(f"c{place}" for place in range(width))
    if isinstance(rows, exp.Values):
        given_rows = ", ".join(map(write, rows.expressions))
        source = f"values {given_rows} as given({aliases})"
        return f"select {values} from {source}", len(rows.expressions)
    query = rows.unnest() if isinstance(rows, exp.Subquery) else rows
    return f"select {values} from ({write(query)}) as given({aliases})", None


def deleted(tree: exp.Expr, columns: Mapping[str, str]) -> Rewriting:
    """What a DELETE leaves."""
    source = write(tree.this)
    where = tree.args.get("where")
    condition = write(where.this) if where else "true"
    names = _names(tree.this, columns)
    return Rewriting(
        f"select count(*) as n from {source} where {condition}",
        f"select {names} from {source} where not coalesce({condition}, false)",
    )


def updated(tree: exp.Expr, columns: Mapping[str, str]) -> Rewriting:
    """What an UPDATE makes of a table."""
    new = {one.this.name.lower(): one.expression for one in tree.expressions}
    return _joined(tree, columns, new) if tree.args.get("from_") else _plain(tree, columns, new)


def _plain(tree: exp.Expr, columns: Mapping[str, str], new: Mapping[str, exp.Expr]) -> Rewriting:
    source = write(tree.this)
    where = tree.args.get("where")
    condition = write(where.this) if where else "true"
    alias = name(tree.this.alias_or_name)
    values = ", ".join(
        f"cast({write(new[one.lower()])} as {kind}) as {name(one)}"
        if one.lower() in new
        else f"{alias}.{name(one)}"
        for one, kind in columns.items()
    )
    return Rewriting(
        f"select count(*) as n from {source} where {condition}",
        f"select {values} from {source} where {condition} union all"
        f" select {_names(tree.this, columns)} from {source}"
        f" where not coalesce({condition}, false)",
    )


def _joined(tree: exp.Expr, columns: Mapping[str, str], new: Mapping[str, exp.Expr]) -> Rewriting:
    """An UPDATE … FROM: a row of the table has at most one of the source."""
    table = write(tree.this)
    source = tree.args["from_"].this
    other = name(source.alias_or_name)
    condition = write(tree.args["where"].this)
    alias = name(tree.this.alias_or_name)
    values = ", ".join(
        f"case when {other}.weft_matched then cast({write(new[one.lower()])} as {kind})"
        f" else {alias}.{name(one)} end as {name(one)}"
        if one.lower() in new
        else f"{alias}.{name(one)}"
        for one, kind in columns.items()
    )
    matched = f"(select *, true as weft_matched from {write(source)}) as {other}"
    return Rewriting(
        f"select count(*) as n from {table} join {write(source)} on {condition}",
        f"select {values} from {table} left join {matched} on {condition}",
    )


def _names(table: exp.Expr, columns: Mapping[str, str]) -> str:
    alias = name(table.alias_or_name)
    return ", ".join(f"{alias}.{name(one)}" for one in columns)
