"""Which columns of a model make the key and the fields of a sync."""

import hashlib
import json
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass

from reverse_etl.syncs import ALL_COLUMNS, Sync
from warehouse.engines import Table, Warehouse
from warehouse.errors import ConfigurationError, UnknownNameError, WeftError


@dataclass(frozen=True)
class Mapping:
    """Key columns and fields (destination field to column, sorted by field), with the types."""

    table: Table
    key: tuple[str, ...]
    fields: MappingOf[str, str]
    types: MappingOf[str, str]

    @property
    def hash(self) -> str:
        """Changes when the key or a field does, so that a plan can say so."""
        text = json.dumps([self.key, sorted(self.fields.items())])
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def resolve_mapping(warehouse: Warehouse, sync: Sync) -> Mapping:
    """The mapping of a sync against its model's table.

    Raises UnknownNameError for a column the table does not have, WeftError when the table has
    not been built, ConfigurationError when the destination cannot hold the fields.
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
    return Mapping(sync.model.table, sync.settings.key, ordered, types)


def _check_destination(sync: Sync, fields: tuple[str, ...]) -> None:
    try:
        sync.destination.description.check_fields(fields)
    except ValueError as error:
        raise ConfigurationError(
            f"{sync.place('fields')}: the fields of {sync.name!r} do not fit the destination "
            f"{sync.destination.name!r}: {error}; name the field differently."
        ) from None
