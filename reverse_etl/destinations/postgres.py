"""postgres: rows into a table of your own PostgreSQL database.

Rows are staged in a temporary table and taken over in one transaction: ``add`` inserts a row or
overwrites it, ``change`` overwrites one that is there, ``remove`` deletes it by its key. Only the
columns named as fields are written, and only rows whose keys the sync has sent are deleted: what
others write beside it stays. The table must be there, with a unique index on the columns of
``key``. PostgreSQL itself reads the values, so a decimal arrives to its last digit.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from reverse_etl.destinations.kit.table_base import TableDestination, TableStatements

_STAGED = "weft_staged"


class Postgres(TableDestination):
    """A table in PostgreSQL."""

    schemes: ClassVar[tuple[str, ...]] = ("postgresql", "postgres")

    transport: ClassVar[str] = "reverse_etl.transports.postgres:PostgresTransport"

    type: Literal["postgres"]

    def statements(self, fields: Sequence[str]) -> TableStatements:
        """What takes the staged rows over."""
        columns = [name for name in fields if name not in self.key]
        return TableStatements(
            staged=_STAGED,
            before=(f"set local statement_timeout = {int(self.timeout * 1000)}",),
            taken_over=tuple(self._taken_over(columns)),
            missing=f"""
                select position from {_STAGED} as staged
                where operation = 'change' and not exists (
                    select 1 from {self._name} as target where {self._matches}
                ) order by position
            """,
        )

    def _taken_over(self, columns: Sequence[str]) -> list[str]:
        target, given = self._name, self._given
        delete = f"""
            delete from {target} as target using {_STAGED} as staged
            where staged.operation = 'remove' and {self._matches}
        """
        names = ", ".join(_quote(name) for name in (*self.key, *columns))
        values = ", ".join(
            [f"(given).{_quote(name)}" for name in self.key]
            + [f"(wanted).{_quote(name)}" for name in columns]
        )
        keys = ", ".join(_quote(name) for name in self.key)
        insert = f"""
            insert into {target} ({names})
            select {values} from (
                select json_populate_record(null::{target}, {given}) as given,
                    json_populate_record(null::{target}, staged.payload::json) as wanted
                from {_STAGED} as staged where staged.operation = 'add' order by position
            ) as staged
            on conflict ({keys}) do nothing
        """
        # Updated before the insert, so that an add that finds its row overwrites it.
        return [delete, *([self._update(columns)] if columns else []), insert]

    def _update(self, columns: Sequence[str]) -> str:
        """Fields that a payload leaves out keep their values."""
        assignments = ", ".join(
            f"{_quote(name)} = case when staged.names ? {_literal(name)}"
            f" then (staged.wanted).{_quote(name)} else target.{_quote(name)} end"
            for name in columns
        )
        keys = " and ".join(
            f"target.{_quote(name)} = (staged.given).{_quote(name)}" for name in self.key
        )
        return f"""
            update {self._name} as target set {assignments} from (
                select json_populate_record(null::{self._name}, {self._given}) as given,
                    json_populate_record(null::{self._name}, staged.payload::json) as wanted,
                    staged.payload::jsonb as names
                from {_STAGED} as staged where staged.operation <> 'remove'
            ) as staged
            where {keys}
        """

    @property
    def _name(self) -> str:
        return ".".join(_quote(part) for part in self.table.split("."))

    @property
    def _given(self) -> str:
        """The key of a staged row, a JSON array, as an object of the table's columns."""
        members = ", ".join(
            f"{_literal(name)}, staged.key::json -> {place}" for place, name in enumerate(self.key)
        )
        return f"json_build_object({members})"

    @property
    def _matches(self) -> str:
        given = f"json_populate_record(null::{self._name}, {self._given})"
        return " and ".join(
            f"target.{_quote(name)} = ({given}).{_quote(name)}" for name in self.key
        )


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
