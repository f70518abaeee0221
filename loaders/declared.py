"""Tables and columns that a source declares: there before the first value was seen."""

from collections.abc import Mapping
from typing import Literal

from loaders.catalog import BIGINT, BOOLEAN, DOUBLE, TIMESTAMP, VARCHAR, Catalog
from loaders.entities import ENTITIES, entity_types
from loaders.fresh import CALL_TYPES
from loaders.landing import fixed_types
from loaders.naming import CALL_TABLES, SEGMENT, Naming
from warehouse.engines import Warehouse, quote

Word = Literal["string", "integer", "number", "boolean", "timestamp"]
"""What a declared column holds, as weft.yml says it."""

_TYPES: Mapping[str, str] = {
    "string": VARCHAR,
    "integer": BIGINT,
    "number": DOUBLE,
    "boolean": BOOLEAN,
    "timestamp": TIMESTAMP,
}
_CALLS = dict(zip(CALL_TABLES, CALL_TYPES, strict=True))


def declare(
    warehouse: Warehouse,
    source: str,
    tables: Mapping[str, Mapping[str, Word]],
    naming: Naming = SEGMENT,
) -> None:
    """Make declared tables and columns where they are missing. A column that exists is kept.

    Names are as long as events land under them, by the source's ``naming``.
    """
    if not tables:
        return
    with warehouse.transaction():
        warehouse.execute(f"create schema if not exists {quote(source)}")
        catalog = Catalog(warehouse, source)
        longest = naming.within(warehouse.limits).longest
        for table, columns in tables.items():
            declared = {name[:longest]: _TYPES[word] for name, word in columns.items()}
            catalog.evolve(table[:longest], [*_fixed(table), *declared.items()])


def check_declared(tables: Mapping[str, Mapping[str, Word]], naming: Naming) -> None:
    """Raise ValueError for names under which nothing would ever land."""
    for table, columns in tables.items():
        landed = naming.table_name(table)
        if table not in (*_CALLS, *ENTITIES) and table not in (landed, f"_{landed}"):
            raise ValueError(
                f"the table {table!r} is not in snake case, as events land: {landed!r}"
            )
        reserved = {name for name, _ in _fixed(table)}
        for column in columns:
            landed = naming.column_name((column,))
            if column in reserved:
                raise ValueError(f"the column {column!r} of {table!r} is there in any case")
            if column != landed:
                raise ValueError(f"the column {column!r} is not in snake case: {landed!r}")


def _fixed(table: str) -> list[tuple[str, str]]:
    entity = ENTITIES.get(table)
    return entity_types(entity) if entity else fixed_types(_CALLS.get(table, "track"))
