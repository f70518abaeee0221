"""weft's statements on Spark: queries as they are, changes as new rows of tables.

While a transaction is open, what it changes is kept here and seen by its own statements; the
tables themselves change when it ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from warehouse.engines.base import Table, literal
from warehouse.engines.spark_changes import deleted, inserted, target, updated
from warehouse.engines.spark_parts import Part
from warehouse.engines.spark_sql import CATALOG, fill, name, parse, write
from warehouse.engines.spark_tables import Changed, Tables, place
from warehouse.engines.spark_types import columns_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_INFORMATION = "information_schema"


class Statements:
    """Runs statements in a session. Temporary tables live as long as this does."""

    def __init__(self, spark: "SparkSession", tables: Tables) -> None:
        self.tables = tables
        self._spark = spark
        self._changes: dict[Table, Changed] | None = None
        self._temporary: dict[Table, Changed] = {}

    def begin(self) -> None:
        """Keep changes from now on."""
        self._changes = {}

    def end(self) -> dict[Table, Changed]:
        """What has changed since ``begin``, which is not kept here any longer."""
        changes, self._changes = self._changes or {}, None
        return changes

    @property
    def in_transaction(self) -> bool:
        """Whether changes are kept here for now."""
        return self._changes is not None

    def new_tables(self, schema: str) -> set[str]:
        """Names of a schema's tables that this transaction has written to."""
        return {table.name for table in self._changes or () if table.schema == schema}

    def ask(self, sql: str, parameters: Sequence[object]) -> "DataFrame":
        """The result of a query."""
        return self._ask(*fill(parse(sql), parameters))

    def execute(self, sql: str, parameters: Sequence[object]) -> int:
        """Run one statement; the number of rows it changed."""
        tree, texts = fill(parse(sql), parameters)
        if isinstance(tree, exp.Insert):
            return self._insert(tree, texts)
        if isinstance(tree, (exp.Delete, exp.Update)):
            return self._rewrite(tree, texts)
        if isinstance(tree, exp.Create) and tree.kind == "TABLE":
            self._create(tree, texts)
        elif isinstance(tree, exp.Alter):
            self._alter(tree)
        elif isinstance(tree, exp.Drop) and tree.kind == "TABLE":
            self._drop(tree)
        else:
            self._ask(tree, texts)
        return 0

    def _ask(self, tree: exp.Expr, texts: Mapping[str, str]) -> "DataFrame":
        """The result of a query, or of a statement that Spark takes as it stands."""
        if isinstance(tree, exp.Query):
            tree = self._seen(tree)
        return self._spark.sql(write(tree), args=dict(texts) or None)

    def _seen(self, tree: exp.Expr) -> exp.Expr:
        """The statement with tables as this transaction has them; the tree is used up."""
        for table in list(tree.find_all(exp.Table)):
            if table.db == _INFORMATION:
                rows = self._information(table.name)
            elif (changed := self._changed(Table(table.db, table.name))) is not None:
                rows = changed.rows(Table(table.db, table.name))
            else:
                continue
            query = sqlglot.parse_one(rows, read="spark")
            assert isinstance(query, exp.Query)
            table.replace(query.subquery(table.alias_or_name))
        return tree

    def _information(self, view: str) -> str:
        """The rows of a view of the information schema."""
        schemas = self.tables.schemas()
        if view == "schemata":
            columns = "catalog_name, schema_name"
            rows: list[tuple[str, ...]] = [(CATALOG, schema) for schema in schemas]
        else:
            columns = "table_catalog, table_schema, table_name, table_type"
            rows = []
            for schema in schemas:
                views = set(self.tables.names(schema, "views"))
                for one in self.tables.names(schema):
                    kind = "VIEW" if one in views else "BASE TABLE"
                    rows.append((CATALOG, schema, one, kind))
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        return f"select * from values {values} as given({columns})"

    def columns(self, table: Table) -> dict[str, str]:
        """Names and Spark's types of a table's columns."""
        changed = self._changed(table)
        return changed.columns if changed is not None else self.tables.columns(table)

    def _changed(self, table: Table) -> Changed | None:
        """A table that is temporary, or that the transaction has written to."""
        if table.schema in ("", "temp"):
            return self._temporary.get(Table("", table.name))
        return (self._changes or {}).get(table)

    @contextmanager
    def change(self, table: Table) -> Iterator[Changed]:
        """A table to change; what is changed is committed where no transaction is open."""
        changed = self._changed(table)
        if changed is not None:
            yield changed
            return
        columns = self.tables.columns(table)
        changed = Changed(columns, existed=bool(columns), in_place=bool(columns))
        yield changed
        if self._changes is not None:
            self._changes[table] = changed
        else:
            self.tables.commit({table: changed})

    def _insert(self, tree: exp.Insert, texts: Mapping[str, str]) -> int:
        table = target(tree)
        columns = self.columns(table)
        tree.set("expression", self._seen(tree.expression))
        text, rows = inserted(tree, columns)
        if rows is not None and self._changes is None and self._changed(table) is None:
            names = ", ".join(map(name, columns))
            self._spark.sql(f"insert into {place(table)} ({names}) {text}", args=dict(texts))
            return rows
        part, rows = self._part(text, texts, columns)
        if rows:
            with self.change(table) as changed:
                changed.parts.append(part)
        return rows

    def _rewrite(self, tree: exp.Delete | exp.Update, texts: Mapping[str, str]) -> int:
        table = target(tree)
        columns = self.columns(table)
        rewrite = deleted if isinstance(tree, exp.Delete) else updated
        rewriting = rewrite(self._seen(tree), columns)
        [found] = self._spark.sql(rewriting.count, args=dict(texts)).collect()
        if found["n"]:
            self._replace(table, columns, rewriting.rows, texts)
        return int(found["n"])

    def _replace(
        self, table: Table, columns: Mapping[str, str], rows: str, texts: Mapping[str, str]
    ) -> None:
        """Let a query be what a table holds from now on."""
        if self._changes is None and self._changed(table) is None:
            self.tables.replace(table, rows, texts)
            return
        part, _ = self._part(rows, texts, columns)
        with self.change(table) as changed:
            changed.in_place, changed.parts = False, [part]
            changed.columns = dict(columns)

    def _part(
        self, rows: str, texts: Mapping[str, str], columns: Mapping[str, str]
    ) -> tuple[Part, int]:
        return self.tables.parts.write(self._spark.sql(rows, args=dict(texts)), columns)

    def _create(self, tree: exp.Create, texts: Mapping[str, str]) -> None:
        table = target(tree)
        is_temporary = tree.find(exp.TemporaryProperty) is not None
        if is_temporary:
            table = Table("", table.name)
        known = self.columns(table)
        if known and not tree.args.get("replace"):
            if tree.args.get("exists"):
                return
            raise duckdb.CatalogException(f"The table {table} is there already")
        query = tree.expression
        if query is not None:
            frame = self._spark.sql(write(self._seen(query)), args=dict(texts))
            columns = columns_of(frame)
            part, _ = self.tables.parts.write(frame, columns)
            parts = [part]
        else:
            columns = {one.name: write(one.args["kind"]).lower() for one in tree.this.expressions}
            parts = []
        changed = Changed(columns, existed=False, in_place=False, parts=parts)
        if is_temporary:
            self._temporary[table] = changed
            return
        changed.existed = bool(known)
        before = self._changed(table)
        if before is not None:
            changed.existed = before.existed
        if self._changes is not None:
            self._changes[table] = changed
        else:
            self.tables.commit({table: changed})

    def _alter(self, tree: exp.Alter) -> None:
        table = target(tree)
        columns = dict(self.columns(table))
        changed = self._changed(table)
        for action in tree.args["actions"]:
            if isinstance(action, exp.ColumnDef):
                kind = write(action.args["kind"]).lower()
                if changed is None or changed.existed:
                    self._spark.sql(
                        f"alter table {place(table)} add columns ({name(action.name)} {kind})"
                    )
                if changed is not None:
                    changed.columns[action.name] = kind
                continue
            columns[action.name] = write(action.args["dtype"]).lower()
            values = ", ".join(
                f"cast({name(one)} as {columns[one]}) as {name(one)}" for one in columns
            )
            source = changed.rows(table) if changed is not None else f"select * from {place(table)}"
            self._replace(table, columns, f"select {values} from ({source})", {})

    def _drop(self, tree: exp.Drop) -> None:
        for one in tree.args["tables"]:
            table = Table("" if one.db == "temp" else one.db, one.name)
            if not self.columns(table):
                if not tree.args.get("exists"):
                    raise duckdb.CatalogException(f"There is no table {table}")
            elif not table.schema:
                del self._temporary[table]
            elif self._changes is None:
                self.tables.drop(table)
            else:
                self._drop_later(table, self._changes)

    def _drop_later(self, table: Table, changes: dict[Table, Changed]) -> None:
        changed = changes.pop(table, None)
        if changed is None or changed.existed:
            changes[table] = Changed({}, existed=True, in_place=False, dropped=True)

    def create_temporary(self, table: Table, sql: str) -> None:
        """Make a temporary table from a query in Spark's own dialect."""
        frame = self._spark.sql(sql)
        columns = columns_of(frame)
        part, _ = self.tables.parts.write(frame, columns)
        self._temporary[table] = Changed(columns, existed=False, in_place=False, parts=[part])
