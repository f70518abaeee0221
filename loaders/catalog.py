"""The landed tables of a source: their columns, read once, and how they change."""

from collections.abc import Iterable, Mapping
from functools import cache

from sqlglot import exp

from warehouse.engines import Table, Warehouse, quote

VARCHAR, BOOLEAN, BIGINT, DOUBLE, TIMESTAMP = "varchar", "boolean", "bigint", "double", "timestamp"
"""The types of a landed column."""

LARGEST_EXACT = 2**53
"""The integer up to which a DOUBLE holds every one exactly."""

_FAMILIES = (
    (VARCHAR, exp.DataType.TEXT_TYPES),
    (BOOLEAN, {exp.DataType.Type.BOOLEAN}),
    (BIGINT, exp.DataType.INTEGER_TYPES),
    (DOUBLE, exp.DataType.FLOAT_TYPES),
    (TIMESTAMP, exp.DataType.TEMPORAL_TYPES - {exp.DataType.Type.DATE}),
)


class Catalog:
    """The tables of a schema, as they are and as this makes them.

    Asking the warehouse costs a look at all its columns; so it is asked once, and what changes is
    changed here. Nobody else may change the tables meanwhile: keep it for one transaction.
    """

    def __init__(self, warehouse: Warehouse, schema: str) -> None:
        self._warehouse = warehouse
        self._schema = schema
        self._tables = {
            name: dict(columns) for name, columns in warehouse.schema_columns(schema).items()
        }

    def __contains__(self, table: str) -> bool:
        return table in self._tables

    def columns(self, table: str) -> Mapping[str, str]:
        """The landed types of a table's columns by name; empty when there is no such table."""
        return {name: family(type_) for name, type_ in self._stored(table).items()}

    def evolve(self, table: str, columns: Iterable[tuple[str, str]]) -> None:
        """Bring a table to have the columns, by name and type; make it where there is none."""
        present = self._stored(table)
        missing = {name: stored_type(type_) for name, type_ in columns if name not in present}
        definitions = [f"{quote(name)} {type_}" for name, type_ in missing.items()]
        place = Table(self._schema, table)
        if present:
            for definition in definitions:
                self._warehouse.execute(f"alter table {place} add column {definition}")
        else:
            self._warehouse.execute(f"create table {place} ({', '.join(definitions)})")
        self._tables.setdefault(table, {}).update(missing)

    def widen(self, tables: Iterable[str], column: str) -> bool:
        """Make a column of integers one of numbers in all tables that have it; whether it is done.

        Not done where a stored integer would change, or where something depends on a table.
        """
        bigint = stored_type(BIGINT)
        concerned = [Table(self._schema, name) for name in tables if column in self._stored(name)]
        if any(self._stored(table.name)[column].upper() != bigint for table in concerned):
            return False
        if not all(self._may_widen(table, column) for table in concerned):
            return False
        double = stored_type(DOUBLE)
        for table in concerned:
            self._warehouse.execute(
                f"alter table {table} alter column {quote(column)} set data type {double}"
            )
            self._tables[table.name][column] = double
        return True

    def _stored(self, table: str) -> Mapping[str, str]:
        return self._tables.get(table, {})

    def _may_widen(self, table: Table, column: str) -> bool:
        name = quote(column)
        (row,) = self._warehouse.rows(
            f"select min({name}) as least, max({name}) as greatest from {table}"
        )
        is_exact = all(
            value is None or abs(value) < LARGEST_EXACT for value in (row["least"], row["greatest"])
        )
        return is_exact and not self._warehouse.dependents(table)


@cache
def family(stored: str) -> str:
    """The landed type that a warehouse's type stands for; types of other kinds as they are."""
    type_ = exp.DataType.build(stored, dialect="duckdb", udt=True)
    for name, members in _FAMILIES:
        if type_.this in members:
            return name
    return type_.sql(dialect="duckdb").lower()


@cache
def stored_type(type_: str) -> str:
    """A landed type as a warehouse names it."""
    return exp.DataType.build(type_).sql(dialect="duckdb")
