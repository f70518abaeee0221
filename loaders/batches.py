"""The rows of one landed table: which paths of their documents become which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from loaders.columns import Candidate
from loaders.naming import column_name
from loaders.structure import NULL, Path, extract, literal, pointer

BATCH = "weft_batch"
"""The parser's table of the rows of one landed table."""

_COMMON = (
    *("id", "anonymous_id", "user_id", "received_at", "sent_at", "original_timestamp", "timestamp"),
    *("load_id", "uuid_ts", "loaded_at", "uuid", "event"),
)

OWN_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "track": {"event": "event_name", "event_text": "event_text"},
    "identify": {"null_traits": "null_traits"},
    "page": {"name": "name", "category": "category"},
    "screen": {"name": "name", "category": "category"},
    "group": {"group_id": "group_id", "null_traits": "null_traits"},
    "alias": {"previous_id": "previous_id"},
}
"""Columns that only the tables of one type of event have, and where their values are."""

# Some SDKs send these only among the properties.
_FALLBACKS = frozenset(("name", "category"))


@dataclass(frozen=True)
class ContextLeaf:
    """A value of the context, already read into a column of the events."""

    path: Path
    text: str


@dataclass(frozen=True)
class Loss:
    """Values that do not land: as which column, where (SQL over the batch), and why not."""

    name: str
    text: str
    condition: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """Rows on their way to a landed table.

    ``rows`` is SQL for them (what follows ``from``); ``own`` are the columns that tables of this
    type of event have beside the common ones, by name, as SQL over the rows.
    """

    table: str
    type: str
    rows: str
    own: Mapping[str, str]
    candidates: Sequence[Candidate]
    losses: Sequence[Loss] = ()


@dataclass
class _Columns:
    """Columns as they are found: sources in the document by column, in the order of the paths.

    ``homeless`` are values that have no column: their name, their source, and why.
    """

    sources: dict[str, list[int]] = field(default_factory=dict)
    homeless: list[tuple[str, int, str]] = field(default_factory=list)
    fallbacks: dict[str, list[int]] = field(default_factory=dict)


def context_batch(table: str, type_: str, rows: str, context: Sequence[ContextLeaf]) -> Batch:
    """Rows that land without the values of their document, as those of ``tracks`` do."""
    candidates, losses = _context_columns(context)
    return Batch(table, type_, rows, OWN_COLUMNS[type_], list(candidates.values()), losses)


def make_batch(
    parser: duckdb.DuckDBPyConnection,
    table: str,
    type_: str,
    rows: str,
    paths: Sequence[Path],
    context: Sequence[ContextLeaf],
) -> Batch:
    """Read the documents of rows into BATCH, one column of text per path.

    ``paths`` are those of the documents. Keys that give the same column collide: the later one in
    a row lands, what the context gives lands before it.
    """
    leaves = [path for path in paths if path.holds_value]
    columns = _sort_columns(leaves, type_)
    collisions = {name: found for name, found in columns.sources.items() if len(found) > 1}
    parser.execute(_batch_sql(type_, rows, paths, leaves, collisions))
    candidates, losses = _context_columns(context)
    losses += [Loss(name, f"p{i}", f"p{i} is not null", why) for name, i, why in columns.homeless]
    own = dict(OWN_COLUMNS[type_])
    for name, found in columns.fallbacks.items():
        texts = ", ".join(f"p{index}" for index in found)
        own[name] = f"coalesce({own[name]}, {texts})"
        losses += [Loss(name, f"p{i}", f"p{i} <> {own[name]}", "reserved") for i in found]
    for name, found in columns.sources.items():
        kinds = frozenset[str]().union(*(leaves[index].kinds for index in found))
        losses += [_collision(name, i, f"w_{found[0]} <> {i}") for i in found if len(found) > 1]
        above = candidates.get(name)
        if above:
            losses += [_collision(name, i, f"{above.text} is not null") for i in found]
        candidates[name] = _over(above, Candidate(name, _winner(found), kinds))
    if type_ == "identify":
        _add_context_traits(candidates, context)
    return Batch(table, type_, BATCH, own, list(candidates.values()), losses)


def _sort_columns(leaves: Sequence[Path], type_: str) -> _Columns:
    columns = _Columns()
    reserved = {*_COMMON, *OWN_COLUMNS[type_]}
    for index, leaf in enumerate(leaves):
        name = column_name(leaf.keys)
        if name in OWN_COLUMNS[type_] and name in _FALLBACKS:
            columns.fallbacks.setdefault(name, []).append(index)
        elif name in reserved:
            columns.homeless.append((name, index, "reserved"))
        elif not name:
            columns.homeless.append((".".join(leaf.keys), index, "no name"))
        else:
            columns.sources.setdefault(name, []).append(index)
    return columns


def _context_columns(
    context: Sequence[ContextLeaf],
) -> tuple[dict[str, Candidate], list[Loss]]:
    columns: dict[str, Candidate] = {}
    losses: list[Loss] = []
    for leaf in context:
        name = column_name(("context", *leaf.path.keys))
        before = columns.get(name)
        if before:
            both = f"{leaf.text} is not null and {before.text} is not null"
            losses.append(Loss(name, before.text, both, "collision"))
        columns[name] = _over(Candidate(name, leaf.text, leaf.path.kinds), before)
    return columns, losses


def _add_context_traits(candidates: dict[str, Candidate], context: Sequence[ContextLeaf]) -> None:
    """Traits that an identify carries in its context land under those it carries itself."""
    reserved = {*_COMMON, *OWN_COLUMNS["identify"]}
    for leaf in context:
        name = column_name(leaf.path.keys[1:])
        if leaf.path.keys[0] == "traits" and name and name not in reserved:
            below = Candidate(name, leaf.text, leaf.path.kinds)
            candidates[name] = _over(candidates.get(name), below)


def _over(above: Candidate | None, below: Candidate | None) -> Candidate:
    """One column of two: a value of the one above hides that of the one below."""
    if above is None or below is None:
        only = above or below
        assert only is not None
        return only
    text = f"coalesce({above.text}, {below.text})"
    return Candidate(above.name, text, above.kinds | below.kinds)


def _winner(found: Sequence[int]) -> str:
    if len(found) == 1:
        return f"p{found[0]}"
    cases = " ".join(f"when {index} then p{index}" for index in found)
    return f"case w_{found[0]} {cases} end"


def _collision(name: str, index: int, condition: str) -> Loss:
    return Loss(name, f"p{index}", f"p{index} is not null and {condition}", "collision")


def _batch_sql(
    type_: str,
    rows: str,
    paths: Sequence[Path],
    leaves: Sequence[Path],
    collisions: Mapping[str, Sequence[int]],
) -> str:
    texts, values = extract("document", leaves, "leaves")
    columns = "".join(f", {value} as p{index}" for index, value in enumerate(values))
    winners = "".join(
        f", {_latest(leaves, found)} as w_{found[0]}" for found in collisions.values()
    )
    null_traits = f", {_null_traits(paths)} as null_traits"
    return f"""
        create or replace temp table {BATCH} as
        with extracted as (select *, {texts} as leaves from {rows}),
        texts as (select * exclude (leaves) {columns} from extracted)
        select
            * exclude (document)
            {winners}
            {null_traits if "null_traits" in OWN_COLUMNS[type_] else ""}
        from texts
    """


def _latest(leaves: Sequence[Path], found: Sequence[int]) -> str:
    """Which of colliding values stands last in its document."""
    places = ", ".join(
        f"case when p{index} is not null"
        f" then {{'place': {_place(leaves[index])}, 'leaf': {index}}} end"
        for index in found
    )
    return f"list_max(list_filter([{places}], lambda one: one is not null)).leaf"


def _place(path: Path) -> str:
    """The position of each key of a path among its siblings."""
    positions = []
    for depth, key in enumerate(path.keys):
        parent = f", {literal(pointer(path.keys[:depth]))}" if depth else ""
        positions.append(f"list_position(json_keys(document{parent}), {literal(key)})")
    return f"[{', '.join(positions)}]"


def _null_traits(paths: Sequence[Path]) -> str:
    """The names of traits that were sent as null, as a JSON array; null when there are none."""
    nulls = [path for path in paths if NULL in path.kinds and column_name(path.keys)]
    if not nulls:
        return "null::varchar"
    pointers = ", ".join(literal(path.pointer) for path in nulls)
    names = ", ".join(literal(column_name(path.keys)) for path in nulls)
    sent = f"list_zip(json_type(document, [{pointers}]), [{names}])"
    traits = f"list_transform(list_filter({sent}, lambda one: one[1] = 'NULL'), lambda one: one[2])"
    as_json = f"to_json(list_sort(list_distinct({traits})))::varchar"
    return f"nullif({as_json}, '[]')"
