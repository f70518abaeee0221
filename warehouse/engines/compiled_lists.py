"""Aggregates whose result is a list, or the value of a row that comes first, in each dialect.

DuckDB orders inside ``array_agg`` and takes the smallest of several structs. The dialects have an
aggregate for each, and no two the same.
"""

from collections.abc import Sequence
from functools import lru_cache

import sqlglot
from sqlglot import exp

from warehouse.engines.compiled_words import fill

# Redshift joins texts and has no aggregate of lists: chr(31) parts them, chr(30) is a null.
_SORTED = {
    "snowflake": "array_sort(array_agg(weft_one))",
    "bigquery": "array_agg(weft_one ignore nulls order by weft_one)",
    "databricks": "array_sort(collect_list(weft_one))",
    "redshift": (
        "split_to_array(listagg(weft_one, chr(31)) within group (order by weft_one), chr(31))"
    ),
}
_FIRST = {
    "snowflake": "get(array_agg(weft_one) within group (order by weft_order), 0)",
    # What is kept lies in a struct: an array of BigQuery's holds no null.
    "bigquery": (
        "array_agg(if(weft_condition, struct(weft_one as value), null) ignore nulls"
        " order by weft_order limit 1)[safe_offset(0)].value"
    ),
    "redshift": (
        "nullif(split_part(listagg(coalesce(cast(weft_one as varchar), chr(30)), chr(31))"
        " within group (order by weft_order), chr(31), 1), chr(30))"
    ),
}
# A list of texts travels as one text, a JSON array: no client binds a list in all dialects.
_LISTED = {
    "snowflake": "select cast(value as varchar) as weft_name"
    " from table(flatten(input => parse_json(weft_one)))",
    "bigquery": "select weft_name from unnest(json_value_array(weft_one)) as weft_name",
    "databricks": "select explode(from_json(weft_one, 'array<string>')) as weft_name",
    "redshift": "select cast(item as varchar) as weft_name"
    " from (select json_parse(weft_one) as list) as lists, lists.list as item",
}


def sorted_list(dialect: str, node: exp.Expr) -> exp.Expr | None:
    """The values of a group as a sorted array; None where no aggregate is sorted."""
    aggregate, condition = _parts(node.this)
    if not isinstance(aggregate, exp.ArrayAgg):
        return None
    return fill(_parsed(_SORTED[dialect], dialect), weft_one=_where(aggregate.this, condition))


def first_in_order(dialect: str, node: exp.Expr) -> exp.Expr | None:
    """The value of the row of a group that comes first; None for any other item or field.

    It is written ``(array_agg(v order by …) filter (where …))[1]``, or as a field of the smallest
    or greatest of structs.
    """
    inner = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    aggregate, condition = _parts(inner)
    if isinstance(node, exp.Bracket):
        order = aggregate.this
        if not isinstance(aggregate, exp.ArrayAgg) or not isinstance(order, exp.Order):
            return None
        return _first(dialect, order.this, order.expressions, condition)
    if not isinstance(aggregate, exp.Min | exp.Max) or not isinstance(aggregate.this, exp.Struct):
        return None
    fields = {one.this.name: one.expression for one in aggregate.this.expressions}
    descends = isinstance(aggregate, exp.Max)
    keys = [exp.Ordered(this=key.copy(), desc=descends) for key in fields.values()]
    return _first(dialect, fields[node.expression.name], keys, condition)


def _parts(node: exp.Expr) -> tuple[exp.Expr, exp.Expr | None]:
    """An aggregate, and the condition of its rows, if there is one."""
    if not isinstance(node, exp.Filter):
        return node, None
    condition = node.expression.this
    always = isinstance(condition, exp.Boolean) and condition.this
    return node.this, None if always else condition


def _where(value: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    if condition is None:
        return value.copy()
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=value.copy())])


def _first(
    dialect: str, value: exp.Expr, order: Sequence[exp.Expr], condition: exp.Expr | None
) -> exp.Expr:
    if dialect == "databricks":
        return _first_of_databricks(value, order, condition)
    tree = fill(
        _parsed(_FIRST[dialect], dialect),
        weft_one=value if dialect == "bigquery" else _where(value, condition),
        weft_condition=exp.true() if condition is None else condition,
    )
    mark = next(one for one in tree.find_all(exp.Column) if one.name == "weft_order")
    place = mark.find_ancestor(exp.Order)
    assert place is not None
    # Rows that do not count come last: what is made of them is null.
    first = [] if condition is None or dialect == "bigquery" else [_counted_first(condition)]
    keys: list[exp.Expr] = [*first, *(_key(one) for one in order)]
    if dialect == "bigquery":
        for key in keys:
            usual_nulls(key)
    place.set("expressions", keys)
    return tree


def _counted_first(condition: exp.Expr) -> exp.Expr:
    number = exp.Case(
        ifs=[exp.If(this=condition.copy(), true=exp.Literal.number(0))],
        default=exp.Literal.number(1),
    )
    return exp.Ordered(this=number)


def _key(key: exp.Expr) -> exp.Expr:
    """A part of the order. What an engine does with nulls is left to it: a key has none."""
    return exp.Ordered(this=key.this.copy(), desc=key.args.get("desc"))


def usual_nulls(node: exp.Expr) -> exp.Expr | None:
    """An order inside a function, nulls where BigQuery puts them: it takes no word on it there."""
    if node.find_ancestor(exp.Window, exp.AggFunc) or node.parent is None:
        node.set("nulls_first", not node.args.get("desc"))
    return None


def _first_of_databricks(
    value: exp.Expr, order: Sequence[exp.Expr], condition: exp.Expr | None
) -> exp.Expr:
    """Structs are listed and sorted by a comparison of their keys."""
    names = [f"key_{number}" for number in range(len(order))]
    steps = "".join(
        f" when one.{name} {'>' if key.args.get('desc') else '<'} other.{name} then -1"
        f" when one.{name} <> other.{name} then 1"
        for name, key in zip(names, order, strict=True)
    )
    kept = ", ".join(["weft_one as value", *(f"weft_{name} as {name}" for name in names)])
    where = " filter (where weft_condition)" if condition is not None else ""
    text = (
        f"array_sort(collect_list(struct({kept})){where},"
        f" (one, other) -> case{steps} else 0 end)[0].value"
    )
    keys = {f"weft_{name}": key.this for name, key in zip(names, order, strict=True)}
    return fill(_parsed(text, "databricks"), weft_one=value, weft_condition=condition, **keys)


def listed_texts(dialect: str, node: exp.Expr) -> exp.Expr | None:
    """A row for each text of a list that is a parameter; None for any other query."""
    if len(node.expressions) != 1 or node.args.get("from_"):
        return None
    named = node.expressions[0]
    if not isinstance(named, exp.Alias) or not isinstance(named.this, exp.Explode):
        return None
    given = named.this.this
    given = given.this if isinstance(given, exp.Cast) else given
    text = _LISTED[dialect].replace("weft_name", named.alias)
    return fill(_parsed(text, dialect), weft_one=given)


@lru_cache(maxsize=100)
def _parsed(text: str, dialect: str) -> exp.Expr:
    return sqlglot.parse_one(text, read=dialect)
