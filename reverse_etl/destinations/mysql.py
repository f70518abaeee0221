"""mysql: rows into a table of your own MySQL or MariaDB database.

Rows are staged in a temporary table and taken over in one transaction: ``add`` inserts a row or
overwrites it, ``change`` overwrites one that is there, ``remove`` deletes it by its key. Only the
columns named as fields are written, and only rows whose keys the sync has sent are deleted: what
others write beside it stays. The table must be there, with a unique index on the columns of
``key``. The database itself reads the values, in its strict mode: what does not fit is refused
and never cut.

Rows are updated, and then those inserted that are not there, rather than by ON DUPLICATE KEY
UPDATE: that one overwrites whatever row any unique index finds, which may be another one than
that of the key (MySQL 8.4 Reference Manual, 15.2.7.2).
"""

import json
from collections.abc import Sequence
from typing import ClassVar, Literal

from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.table_base import TableDestination, TableStatements
from reverse_etl.values import fragments, plain

_STAGED = "weft_staged"
_MODE = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO"
_TRUTH = {"true": "1", "false": "0"}


class MySql(TableDestination):
    """A table in MySQL or MariaDB."""

    schemes: ClassVar[tuple[str, ...]] = ("mysql", "mariadb")

    transport: ClassVar[str] = "reverse_etl.transports.mysql:MySqlTransport"

    type: Literal["mysql"]
    tls: bool = True

    def statements(self, fields: Sequence[str]) -> TableStatements:
        """What takes the staged rows over."""
        columns = [name for name in fields if name not in self.key]
        places = [f"k{n}" for n in range(len(self.key))]
        places += [f"{kind}{n}" for kind in "fh" for n in range(len(columns))]
        return TableStatements(
            staged=_STAGED,
            before=self._before(columns),
            taken_over=tuple(self._taken_over(columns)),
            missing=f"""
                select position from {_STAGED} as staged
                where operation = 'change' and not exists (
                    select 1 from {self._name} as target where {self._matches}
                ) order by position
            """,
            wrong=self._wrong(),
            columns=("position", "operation", *places),
            values=lambda row: _values(row, columns),
        )

    def _before(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The staged table: its columns are of the table's types, and may all be null."""
        held = [f"target.{_quote(name)} as k{n}" for n, name in enumerate(self.key)]
        held += [f"target.{_quote(name)} as f{n}" for n, name in enumerate(columns)]
        flags = "".join(f", h{n} boolean not null default false" for n in range(len(columns)))
        return (
            f"set session sql_mode = '{_MODE}', session time_zone = '+00:00'",
            f"drop temporary table if exists {_STAGED}",
            f"""
            create temporary table {_STAGED}
                (position bigint default 0 primary key,
                operation varchar(6) not null default ''{flags})
            select {", ".join(held)} from (select 1 as one) as one
            left join {self._name} as target on false limit 0
            """,
        )

    def _taken_over(self, columns: Sequence[str]) -> list[str]:
        target = self._name
        delete = f"""
            delete target from {target} as target join {_STAGED} as staged on {self._matches}
            where staged.operation = 'remove'
        """
        assignments = ", ".join(
            f"target.{_quote(name)} = if(staged.h{n}, staged.f{n}, target.{_quote(name)})"
            for n, name in enumerate(columns)
        )
        update = f"""
            update {target} as target join {_STAGED} as staged on {self._matches}
            set {assignments} where staged.operation <> 'remove'
        """
        names = ", ".join(_quote(name) for name in (*self.key, *columns))
        values = ", ".join(
            [f"staged.k{n}" for n in range(len(self.key))]
            + [f"staged.f{n}" for n in range(len(columns))]
        )
        insert = f"""
            insert into {target} ({names})
            select {values} from {_STAGED} as staged where staged.operation = 'add'
                and not exists (select 1 from {target} as target where {self._matches})
            order by staged.position
        """
        return [delete, *([update] if columns else []), insert]

    def _wrong(self) -> tuple[str, str]:
        """Whether the table has transactions, and its key a unique index."""
        schema, _, table = self.table.rpartition(".")
        place = f"""table_schema = {_literal(schema) if schema else "database()"}
                    and table_name = {_literal(table)}"""
        names = ", ".join(_literal(name.lower()) for name in self.key)
        size = len(self.key)
        no_table = f"there is no table {self.table} with transactions (that of InnoDB has them)"
        columns = ", ".join(self.key)
        no_index = f"{self.table} has no unique index on exactly its key ({columns})"
        return (
            f"""
            select {_literal(no_table)} from dual where not exists (
                select 1 from information_schema.tables as t
                join information_schema.engines as e on e.engine = t.engine
                where e.transactions = 'YES' and {place}
            )
            """,
            f"""
            select {_literal(no_index)} from dual where not exists (
                select index_name from information_schema.statistics
                where non_unique = 0 and {place} group by index_name
                having count(*) = {size} and count(sub_part) = 0
                    and sum(case when lower(column_name) in ({names}) then 1 else 0 end) = {size}
            )
            """,
        )

    @property
    def _name(self) -> str:
        return ".".join(_quote(part) for part in self.table.split("."))

    @property
    def _matches(self) -> str:
        return " and ".join(
            f"target.{_quote(name)} = staged.k{n}" for n, name in enumerate(self.key)
        )


def _values(row: Row, columns: Sequence[str]) -> list[object]:
    """Position, operation, the key, the fields, and which of them the payload has."""
    keys = json.loads(row.key_json, parse_float=str, parse_int=str)
    listed = keys if row.key_json.startswith("[") else [keys]
    if row.operation == "remove":
        found: dict[str, str] = {}
    else:
        found = fragments(row.payload)
    texts = [None if found.get(name) is None else _text(found[name]) for name in columns]
    flags = [int(name in found) for name in columns]
    return [row.position, row.operation, *map(_plain_key, listed), *texts, *flags]


def _text(fragment: str) -> str | None:
    return _TRUTH.get(fragment) or plain(fragment)


def _plain_key(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
