"""The rows of a model that a sync may send: consent, suppression, and a person's identifiers.

Everything fails closed: consent that is null is no consent, and a row that holds a suppressed
identifier anywhere a sync or its model's columns show it is left out whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from reverse_etl.syncs import ALL_TYPES, IdentifierChoice, Sync
from warehouse.engines import Warehouse, literal, quote
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.suppressions import is_suppressed, suppressed_types

_PROFILE = "profile_id"


@dataclass(frozen=True)
class Population:
    """The rows of a model, as SQL to stand after ``from``.

    ``relation`` holds those that may be sent; ``judged`` all of them with the flags ``withheld``
    (no consent) and ``suppressed``, None where nothing can hold a row back. ``types`` are the
    columns and their types.
    """

    relation: str
    judged: str | None
    types: Mapping[str, str]


def find_population(
    warehouse: Warehouse,
    sync: Sync,
    columns: tuple[str, ...],
    types: Mapping[str, str],
    starts_from: date | None = None,
) -> Population:
    """The rows of a sync's model that may be sent, with the columns its mapping needs.

    Raises UnknownNameError or ConfigurationError for a column that does not exist or is not of
    its kind, BlockedError when the register of suppressions cannot be read.
    """
    chosen = _choose_identifiers(warehouse, sync, columns, types)
    inner, types = _with_identifiers(sync, types, chosen)
    if starts_from is not None:
        column = _time_column(sync, types)
        inner = f"(select * from {inner} as model where {column} >= date '{starts_from}')"
    withheld = _withheld(sync, types)
    conditions = list(_suppressing(sync, columns, types, suppressed_types(warehouse)))
    needed = ", ".join(quote(column) for column in dict.fromkeys(columns))
    if not withheld and not conditions:
        return Population(inner, None, types)
    judged = (
        f"(select {needed or '1 as nothing'}, {withheld or 'false'} as weft_withheld,"
        f" {' or '.join(conditions) or 'false'} as weft_suppressed from {inner} as model)"
    )
    allowed = f"(select * from {judged} as judged where not weft_withheld and not weft_suppressed)"
    return Population(allowed, judged, types)


def _withheld(sync: Sync, types: Mapping[str, str]) -> str | None:
    column = sync.settings.require
    if column is None:
        return None
    place = sync.place("require")
    if column not in types:
        raise UnknownNameError("column", column, types, place)
    if types[column].upper() != "BOOLEAN":
        raise ConfigurationError(
            f"{place}: the column {column!r} that {sync.name!r} requires is no boolean but "
            f"{types[column]}; make it true or false in the model."
        )
    return f"not coalesce(model.{quote(column)}, false)"


def _time_column(sync: Sync, types: Mapping[str, str]) -> str:
    column = sync.settings.time
    if column is None or sync.settings.mode != "append":
        raise ConfigurationError(
            f"{sync.place()}: --from needs a sync in mode append with the setting time:, the "
            "column that says when a row happened."
        )
    if column not in types:
        raise UnknownNameError("column", column, types, sync.place("time"))
    return f"model.{quote(column)}"


def _suppressing(
    sync: Sync, columns: tuple[str, ...], types: Mapping[str, str], kinds: list[str]
) -> Iterator[str]:
    """Conditions under which a row is suppressed: by its key, or by a column of a known type."""
    if not kinds:
        return
    fields = {column: field for field, column in sync.settings.fields.items()}
    for column, data_type in types.items():
        value = f"model.{quote(column)}"
        name = column.removesuffix("_all")
        if column in sync.settings.key:
            yield is_suppressed(value, None)
        elif name in kinds and data_type.endswith("[]"):
            yield (
                f"coalesce(list_has_any(list_transform({value}, lambda one:"
                f" sha256(lower(trim(cast(one as varchar))))), {_hash_list(name)}), false)"
            )
        elif name in kinds:
            yield is_suppressed(value, name)
        elif fields.get(column) in kinds and column in columns:
            yield is_suppressed(value, fields[column])


def _hash_list(kind: str) -> str:
    from warehouse.system_tables import SUPPRESSIONS

    return (
        f"coalesce((select array_agg(value_hash) from {SUPPRESSIONS}"
        f" where type = {literal(kind)}), [])"
    )


def _choose_identifiers(
    warehouse: Warehouse, sync: Sync, columns: tuple[str, ...], types: Mapping[str, str]
) -> dict[str, IdentifierChoice]:
    """The columns whose values are another identifier of the person than the one last seen."""
    asked = sync.settings.identifiers
    wanted = {kind: choice for kind, choice in asked.items() if choice != "last"}
    if not wanted:
        return {}
    place = sync.place("identifiers")
    if sync.identifiers is None or not warehouse.exists(sync.identifiers):
        raise ConfigurationError(
            f"{place}: identifiers: needs the model profile_identifiers; run: weft build."
        )
    if _PROFILE not in types:
        raise ConfigurationError(
            f"{place}: identifiers: needs the column profile_id in the model {sync.model.name!r}."
        )
    found = warehouse.rows(f"select distinct identifier_type as kind from {sync.identifiers}")
    known = sorted(row["kind"] for row in found)
    for kind in wanted:
        if kind not in (ALL_TYPES, *known):
            raise UnknownNameError("identifier type", kind, known, place)
    sent = [kind for kind in known if kind in columns]
    chosen = {kind: asked.get(kind, asked.get(ALL_TYPES, "last")) for kind in sent}
    return {kind: choice for kind, choice in chosen.items() if choice != "last"}


def _with_identifiers(
    sync: Sync, types: Mapping[str, str], chosen: Mapping[str, IdentifierChoice]
) -> tuple[str, Mapping[str, str]]:
    """The model with the chosen identifiers in their columns: a row each where they are the key."""
    model = str(sync.model.table)
    if not chosen:
        return model, types
    changed, joins, columns = dict(types), [], []
    for name in types:
        if name not in chosen:
            columns.append(f"model.{quote(name)}")
            continue
        alias = quote(f"of_{name}")
        is_list = chosen[name] == "all" and name not in sync.settings.key
        joins.append(
            f"left join ({_identifiers_of(sync, name, chosen[name])}) as {alias}"
            f" on {alias}.profile_id = model.profile_id"
        )
        columns.append(f"{alias}.value as {quote(name)}")
        changed[name] = "VARCHAR[]" if is_list else "VARCHAR"
    selected = f"select {', '.join(columns)} from {model} as model {' '.join(joins)}"
    return f"({selected})", changed


def _identifiers_of(sync: Sync, kind: str, choice: IdentifierChoice) -> str:
    of_kind = f"{sync.identifiers} where identifier_type = {literal(kind)}"
    if choice == "first":
        return (
            "select profile_id, identifier_value as value from (select *, row_number() over"
            " (partition by profile_id order by first_seen_at, identifier_value) as place"
            f" from {of_kind}) as ranked where place = 1"
        )
    if kind in sync.settings.key:
        return f"select profile_id, identifier_value as value from {of_kind}"
    return (
        "select profile_id, array_agg(identifier_value order by first_seen_at, identifier_value)"
        f" as value from {of_kind} group by profile_id"
    )
