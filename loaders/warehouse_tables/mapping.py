"""What a table of the warehouse is to be read as: a mapping, checked, and its view's query."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sqlglot
from pydantic import BaseModel, ConfigDict

from loaders.catalog import BIGINT, TIMESTAMP, VARCHAR
from loaders.naming import CALL_TABLES, Naming
from loaders.structure import literal
from warehouse.engines import Table, Warehouse, quote
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project

_TIMES = ("received_at", "sent_at", "original_timestamp", "timestamp", "uuid_ts", "loaded_at")
_FALLBACKS = {
    "received_at": ("sent_at", "timestamp"),
    "original_timestamp": ("timestamp",),
    "loaded_at": ("received_at", "sent_at", "timestamp"),
    "uuid_ts": ("loaded_at", "received_at", "sent_at", "timestamp"),
}
_NEEDED = {"groups": ("group_id",), "aliases": ("user_id", "previous_id")}
_OWN_TEXTS: Mapping[str, tuple[str, ...]] = {
    "pages": ("name", "category"),
    "screens": ("name", "category"),
    "groups": ("group_id",),
    "aliases": ("previous_id",),
}


class MappedTable(BaseModel):
    """A table or view of the warehouse whose rows are events.

    ``relation`` is ``schema.table``. ``columns`` gives the landed column its column; those it does
    not name keep theirs. ``load_id`` is a column that grows from row to row, or load to load;
    ``loaded_at`` the time a row came in, by default when it was received.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    relation: str
    columns: dict[str, str]
    load_id: str
    loaded_at: str | None = None


@dataclass(frozen=True)
class Place:
    """Where in weft.yml a mapping stands, and the naming of its source."""

    project: Project
    source: str
    table: str
    naming: Naming

    def __call__(self, *inner: str) -> str:
        """The line of a setting of the mapping, as ``file:line``."""
        return self.project.settings.place(("sources", self.source, "tables", self.table, *inner))


def definition(warehouse: Warehouse, place: Place, table: MappedTable) -> str:
    """The query of a view.

    Raises UnknownNameError for a table or column that does not exist, ConfigurationError for a
    mapping that lacks something.
    """
    schema, _, name = table.relation.rpartition(".")
    relation = Table(schema or warehouse.default_schema, name)
    present = warehouse.columns(relation)
    if not present:
        raise UnknownNameError("table", table.relation, _relations(warehouse), place("relation"))
    for theirs, inner in (
        *((one, ("columns", landed)) for landed, one in table.columns.items()),
        (table.load_id, ("load_id",)),
        *([(table.loaded_at, ("loaded_at",))] if table.loaded_at else []),
    ):
        if theirs not in present:
            where = f"{table.relation} ({place(*inner)})"
            raise UnknownNameError("column", theirs, present, where)
    _check_mapping(place, table)
    naming = place.naming.within(warehouse.limits)
    columns = {landed[: naming.longest]: theirs for landed, theirs in table.columns.items()}
    selected = ", ".join(
        _selected(
            replace(place, naming=naming), table.model_copy(update={"columns": columns}), present
        )
    )
    sql = f"select {selected} from {relation}"
    return sqlglot.transpile(sql, read="duckdb", write="duckdb")[0]


def _check_mapping(place: Place, table: MappedTable) -> None:
    name, landed, naming = place.table, table.columns, place.naming
    if name in ("users", "accounts") or name not in (*CALL_TABLES, naming.table_name(name)):
        raise ConfigurationError(
            f"{place()}: {name!r} is no table of events: name {', '.join(CALL_TABLES)}, "
            "or one in snake_case for an event."
        )
    for column in landed:
        is_taken = column in ("load_id", "loaded_at", "uuid_ts")
        if is_taken or naming.column_name((column,)) != column:
            raise ConfigurationError(
                f"{place('columns', column)}: {column!r} is no column that can be mapped; "
                "names are in load_id and loaded_at stand beside columns."
            )
    needed = ["id", "timestamp", *_NEEDED.get(name, ())]
    missing = [column for column in needed if column not in landed]
    if not {"user_id", "anonymous_id"} & landed.keys():
        missing.append("user_id or anonymous_id")
    if name == "tracks" and not {"event", "event_text"} & landed.keys():
        missing.append("event_text")
    if missing:
        raise ConfigurationError(f"{place('columns')}: columns lacks {', '.join(missing)}.")


def _selected(place: Place, table: MappedTable, present: Mapping[str, str]) -> Iterator[str]:
    """The columns of a view: the landed ones, those with a name of their own, and the rest."""
    given = {landed: quote(theirs) for landed, theirs in table.columns.items()}
    if table.loaded_at:
        given["loaded_at"] = quote(table.loaded_at)
    values: dict[str, str] = {}
    for landed in ("id", "anonymous_id", "user_id"):
        text = (
            f"cast({given[landed]} as {VARCHAR})" if landed in given else f"cast(null as {VARCHAR})"
        )
        values[landed] = f"nullif({text}, '')"
    for landed in _TIMES:
        columns = [given[one] for one in (landed, *_FALLBACKS.get(landed, ())) if one in given]
        values[landed] = _coalesced([_time(one, table, present) for one in columns])
    values.update(_own_values(place, given))
    values["load_id"] = f"cast({quote(table.load_id)} as {BIGINT})"
    for landed, column in given.items():
        values.setdefault(landed, column)
    used = {*table.columns.values(), table.load_id, table.loaded_at}
    for theirs in present:
        landed = place.naming.column_name((theirs,))
        if theirs not in used and landed:
            values.setdefault(landed, quote(theirs))
    return (f"{value} as {quote(landed)}" for landed, value in values.items())


def _own_values(place: Place, given: Mapping[str, str]) -> Mapping[str, str]:
    """The columns that only some landed tables have."""
    name = place.table
    texts = _OWN_TEXTS.get(name, ())
    values = {one: f"cast({given.get(one, 'null')} as {VARCHAR})" for one in texts}
    if name in CALL_TABLES and name != "tracks":
        return values
    text = f"cast({given.get('event_text', given.get('event', literal(name)))} as {VARCHAR})"
    event = given.get("event", place.naming.snake_case_sql(text))
    return {**values, "event": f"cast({event} as {VARCHAR})", "event_text": text}


def _time(column: str, table: MappedTable, present: Mapping[str, str]) -> str:
    """A time in UTC without a zone, whatever the zone of the session that reads the view."""
    types = {quote(name): type_.upper() for name, type_ in present.items()}
    if types[column] in ("TIMESTAMP", "DATE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"):
        return f"cast({column} as {TIMESTAMP})"
    return f"cast(try_cast({column} as timestamptz) at time zone 'UTC' as {TIMESTAMP})"


def _coalesced(values: list[str]) -> str:
    if not values:
        return f"cast(null as {TIMESTAMP})"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _relations(warehouse: Warehouse) -> list[str]:
    rows = warehouse.rows("select table_schema, table_name from information_schema.tables")
    return [f"{row['table_schema']}.{row['table_name']}" for row in rows]
