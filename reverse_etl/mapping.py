"""Which columns of a model make the key and the fields of a sync."""

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from datetime import date

from reverse_etl.population import find_population
from reverse_etl.syncs import ALL_COLUMNS, Sync
from warehouse.engines import Table, Warehouse
from warehouse.errors import ConfigurationError, UnknownNameError, WeftError


@dataclass(frozen=True)
class Mapping:
    """Key columns and fields (destination field to column, sorted by field), with the types.

    ``relation`` are the rows that may be sent, as SQL to stand after ``from``; ``judged`` all
    rows with the reasons why some may not, None where nothing can hold a row back. ``choices``
    says which of a person's identifiers are sent, where it is not the one last seen.
    ``skipped_nulls`` are the fields that are left out where they are null.
    """

    table: Table
    key: tuple[str, ...]
    fields: MappingOf[str, str]
    types: MappingOf[str, str]
    relation: str = ""
    judged: str | None = None
    choices: MappingOf[str, str] = field(default_factory=dict)
    skipped_nulls: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "relation", self.relation or str(self.table))

    @property
    def hash(self) -> str:
        """Changes when the key or a field does, so that a plan can say so."""
        parts: list[object] = [self.key, sorted(self.fields.items())]
        # Only where they are used: a plan of an earlier version stays comparable.
        parts += [sorted(self.choices.items())] if self.choices else []
        parts += [sorted(self.skipped_nulls)] if self.skipped_nulls else []
        text = json.dumps(parts)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def resolve_mapping(warehouse: Warehouse, sync: Sync, starts_from: date | None = None) -> Mapping:
    """The mapping of a sync against its model's table, from a first day on where one is given.

    Raises UnknownNameError for a column the table does not have, WeftError when the table has
    not been built, ConfigurationError when the destination cannot hold the fields, BlockedError
    when the register of suppressions cannot be read.
    """
    types = warehouse.columns(sync.model.table)
    if not types:
        raise WeftError(
            f"The sync {sync.name!r} sends the model {sync.model.name!r}, which has not been "
            "built yet; run: weft build."
        )
    fields = dict(sync.settings.fields)
    if ALL_COLUMNS in fields:
        fields = {column: column for column in types}
    for location, column in [
        *((("key",), column) for column in sync.settings.key),
        *((("fields", name), column) for name, column in fields.items()),
    ]:
        if column not in types:
            raise UnknownNameError("column", column, types, sync.place(*location))
    ordered = dict(sorted(fields.items()))
    _check_destination(sync, tuple(ordered))
    columns = (*sync.settings.key, *ordered.values())
    population = find_population(warehouse, sync, columns, types, starts_from)
    return Mapping(
        sync.model.table,
        sync.settings.key,
        ordered,
        population.types,
        population.relation,
        population.judged,
        {name: choice for name, choice in sync.settings.identifiers.items() if choice != "last"},
        _skipped_nulls(sync, ordered),
    )


def _skipped_nulls(sync: Sync, fields: Iterable[str]) -> frozenset[str]:
    nulls = sync.settings.nulls
    if isinstance(nulls, str):
        return frozenset(() if nulls == "send" else fields)
    known = frozenset(fields)
    for name in nulls:
        if name not in known:
            raise UnknownNameError("field", name, known, sync.place("nulls", name))
    return frozenset(name for name, handling in nulls.items() if handling != "send")


def _check_destination(sync: Sync, fields: tuple[str, ...]) -> None:
    try:
        sync.destination.description.check(sync.purpose(fields))
    except ValueError as error:
        raise ConfigurationError(
            f"{sync.place()}: what {sync.name!r} sends does not fit the destination "
            f"{sync.destination.name!r}: {error}; change the sync."
        ) from None
