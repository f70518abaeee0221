"""Stored tables of an engine without transactions, and how several of them change together.

What a transaction changes waits in parts; no table is touched before it ends. The end is:

1. a line of ``weft.changes_to_finish`` says what is to be done, with where the parts lie;
2. each table is changed, in the order in which it was first written to;
3. the line goes.

A process that dies before 1 has changed nothing. One that dies after it is finished by the next
one that opens the warehouse: every step may be done again. A single table needs no line: it is
appended to or replaced by one statement. A table is replaced by ``<name>__next``, which is
complete when it is there; then the table is dropped, and the next one renamed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.crash_points import crash_point
from warehouse.engines.base import Table
from warehouse.engines.spark_parts import Part, Parts
from warehouse.engines.spark_sql import name
from warehouse.engines.spark_types import columns_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEXT = "__next"
_TO_FINISH = Table("weft", "changes_to_finish")


def place(table: Table) -> str:
    """A table's name as Spark quotes it."""
    return f"{name(table.schema)}.{name(table.name)}" if table.schema else name(table.name)


@dataclass
class Changed:
    """A table as a transaction has it: rows that are stored, and parts.

    ``in_place`` says whether stored rows are among them, ``existed`` whether it is stored at all.
    """

    columns: dict[str, str]
    existed: bool
    in_place: bool
    dropped: bool = False
    parts: list[Part] = field(default_factory=list)

    def rows(self, table: Table) -> str:
        """SQL for its rows."""
        names = ", ".join(map(name, self.columns))
        selects = [f"select {names} from {place(table)}"] if self.in_place else []
        selects += [part.values(self.columns) for part in self.parts]
        return " union all ".join(selects) or f"{self._empty()} where false"

    def _empty(self) -> str:
        nulls = [f"cast(null as {kind}) as {name(one)}" for one, kind in self.columns.items()]
        return f"select {', '.join(nulls)}"


class Tables:
    """The tables of a session's catalog."""

    def __init__(self, spark: "SparkSession", table_format: str) -> None:
        self._spark = spark
        self._format = table_format
        self.parts = Parts(spark)

    def columns(self, table: Table) -> dict[str, str]:
        """Names and Spark's types of the columns of a stored table, empty when there is none."""
        if not self._spark.catalog.tableExists(place(table)):
            return {}
        return columns_of(self._spark.table(place(table)))

    def schemas(self) -> list[str]:
        """The names of the catalog's schemas, sorted."""
        return sorted(row[0] for row in self._spark.sql("show databases").collect())

    def names(self, schema: str, kind: str = "tables") -> list[str]:
        """The names of a schema's tables and views, or with ``views`` of its views; sorted."""
        if not self._spark.catalog.databaseExists(name(schema)):
            return []
        found = self._spark.sql(f"show {kind} in {name(schema)}").collect()
        return sorted(row[1] for row in found if not row["isTemporary"])

    def create(
        self,
        table: Table,
        rows: str,
        texts: Mapping[str, str] | None = None,
        *,
        if_missing: bool = False,
    ) -> None:
        """Make a table of the result of a query, in which ``texts`` stand by name."""
        unless = "if not exists " if if_missing else ""
        self._spark.sql(
            f"create table {unless}{place(table)} using {self._format} as {rows}",
            args=dict(texts or {}),
        )

    def replace(self, table: Table, rows: str, texts: Mapping[str, str] | None = None) -> None:
        """Put a table of the result of a query, which may read it, in the place of a table."""
        following = Table(table.schema, f"{table.name}{NEXT}")
        self.create(following, rows, texts)
        crash_point("after_next")
        self._swap(table)

    def drop(self, table: Table) -> None:
        """Drop a table where it is there."""
        self._spark.sql(f"drop table if exists {place(table)}")

    def commit(self, changes: Mapping[Table, Changed]) -> None:
        """Do what a transaction has collected, all of it."""
        steps = list(self._steps(changes))
        if len(steps) > 1:
            self._spark.sql(f"create schema if not exists {name(_TO_FINISH.schema)}")
            noted = {"steps": json.dumps(steps)}
            self.create(_TO_FINISH, "select :steps as steps", noted)
            crash_point("after_changes_noted")
        for step in steps:
            self._do(step, again=False)
            crash_point("between_changes")
        if len(steps) > 1:
            self.drop(_TO_FINISH)
        self.parts.drop([part for changed in changes.values() for part in changed.parts])

    def recover(self) -> None:
        """Finish or undo what a process that died has left behind."""
        if self._spark.catalog.tableExists(place(_TO_FINISH)):
            [row] = self._spark.table(place(_TO_FINISH)).collect()
            for step in json.loads(row["steps"]):
                self._do(step, again=True)
            self.drop(_TO_FINISH)
        for schema in self.schemas():
            names = self.names(schema)
            for one in names:
                if one.endswith(NEXT):
                    table = Table(schema, one.removesuffix(NEXT))
                    if table.name in names:
                        self.drop(Table(schema, one))
                    else:
                        self._swap(table)

    def _steps(self, changes: Mapping[Table, Changed]) -> Iterator[dict[str, Any]]:
        for table, changed in changes.items():
            if changed.dropped:
                kind = "drop"
            elif not changed.existed:
                kind = "create"
            elif not changed.in_place:
                kind = "replace"
            elif changed.parts:
                kind = "append"
            else:
                continue
            files = self._files(table) if kind == "append" and len(changes) > 1 else []
            yield {
                "kind": kind,
                "table": [table.schema, table.name],
                "columns": changed.columns,
                "parts": [[part.path, dict(part.columns)] for part in changed.parts],
                "files": files,
            }

    def _do(self, step: Mapping[str, Any], *, again: bool) -> None:
        """One step; ``again`` where a process that died may have done it, whole or in part."""
        table, kind = Table(*step["table"]), step["kind"]
        if kind == "drop":
            self.drop(table)
            return
        parts = [self.parts.open(path, columns) for path, columns in step["parts"]]
        changed = Changed(step["columns"], True, kind == "append", parts=parts)
        if kind == "create" and not parts:
            columns = ", ".join(f"{name(one)} {type_}" for one, type_ in changed.columns.items())
            self._spark.sql(
                f"create table if not exists {place(table)} ({columns}) using {self._format}"
            )
        elif kind == "create":
            self.create(table, changed.rows(table), if_missing=True)
        elif kind == "append":
            self._append(table, changed, step["files"], again=again)
        else:
            following = Table(table.schema, f"{table.name}{NEXT}")
            changed.in_place = False
            self.create(following, changed.rows(table), if_missing=again)
            crash_point("after_next")
            self._swap(table)

    def _append(self, table: Table, changed: Changed, files: list[str], *, again: bool) -> None:
        names = ", ".join(map(name, changed.columns))
        if again and set(self._files(table)) - set(files):
            # Some of it is there: the rows of before, and all that was to come.
            known = ", ".join(f"'{file}'" for file in files) or "''"
            before = (
                f"select {names} from {place(table)}"
                f" where substring_index(_metadata.file_path, '/', -1) in ({known})"
            )
            added = [part.values(changed.columns) for part in changed.parts]
            self.drop(Table(table.schema, f"{table.name}{NEXT}"))
            self.replace(table, " union all ".join([before, *added]))
            return
        added = [part.values(changed.columns) for part in changed.parts]
        self._spark.sql(f"insert into {place(table)} ({names}) {' union all '.join(added)}")

    def _swap(self, table: Table) -> None:
        """Let the next table take the place of the present one, where that is still there."""
        following = Table(table.schema, f"{table.name}{NEXT}")
        self.drop(table)
        crash_point("after_drop")
        self._spark.sql(f"alter table {place(following)} rename to {place(table)}")

    def _files(self, table: Table) -> list[str]:
        """The names of the files that a table is made of, each of them unlike any other."""
        found = self._spark.table(place(table)).inputFiles()
        return sorted(file.rpartition("/")[2] for file in found)
