"""The rows of one landed table: which paths of their documents become which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from loaders.columns import Candidate
from loaders.naming import SEGMENT, Naming
from loaders.structure import Path
from loaders.values import BATCH, batch_sql, leaves_of, nth_given, sent_null
from warehouse.engines import Limits

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

# A table with more is read by itself: a row of FRESH has the columns of all tables.
_MOST_SLOTS = 100

# Some SDKs send these only among the properties.
_FALLBACKS = frozenset(("name", "category"))


@dataclass(frozen=True)
class Rules:
    """How a source wants its documents: what names become, and how many values one may have.

    ``most_values`` is how many a landed row holds, those of its context counted too.
    """

    naming: Naming = SEGMENT
    max_columns: int = 1_000
    most_values: int = Limits.values

    def within(self, limits: Limits) -> "Rules":
        """The rules, as far as the warehouse can follow them."""
        return Rules(
            self.naming.within(limits),
            self.max_columns,
            limits.values,
        )


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


def context_batch(
    table: str, type_: str, rows: str, context: Sequence[ContextLeaf], rules: Rules
) -> Batch:
    """Rows that land without the values of their document, as those of ``tracks`` do."""
    candidates, losses = _context_columns(context, rules.naming)
    batch = Batch(table, type_, rows, OWN_COLUMNS[type_], list(candidates.values()), losses)
    return _within_row(batch, rules.most_values)


def has_slots(type_: str, paths: Sequence[Path], rules: Rules) -> bool:
    """Whether values are all that is wanted of documents with these paths, and they are few.

    Keys that collide, and traits sent as null, are asked of the documents themselves.
    """
    leaves = leaves_of(paths)
    if len(leaves) > min(_MOST_SLOTS, rules.max_columns):
        return False
    collide = any(
        len(found) > 1 for found in _sort_columns(leaves, type_, rules.naming).sources.values()
    )
    return not collide and not (
        "null_traits" in OWN_COLUMNS[type_] and sent_null(paths, rules.naming)
    )


def make_batch(
    parser: duckdb.DuckDBPyConnection,
    table: str,
    type_: str,
    rows: str,
    paths: Sequence[Path],
    context: Sequence[ContextLeaf],
    rules: Rules,
) -> Batch:
    """Rows with the values of their documents, one column of text per path.

    ``paths`` are those of the documents. Where the rows do not have the values yet, they are read
    into BATCH. Keys that give the same column collide: the later one in a row lands, what the
    context gives lands before it.
    """
    leaves = leaves_of(paths)
    naming = rules.naming
    columns = _sort_columns(leaves, type_, naming)
    own = dict(OWN_COLUMNS[type_])
    if has_slots(type_, paths, rules):
        own |= {"null_traits": "null::varchar"} if "null_traits" in own else {}
    else:
        nulls = sent_null(paths, naming) if "null_traits" in own else None
        collisions = {name: found for name, found in columns.sources.items() if len(found) > 1}
        parser.execute(batch_sql(rows, paths, collisions, nulls, rules.max_columns))
        rows = BATCH
    candidates, losses = _context_columns(context, naming)
    losses += [Loss(name, f"p{i}", f"p{i} is not null", why) for name, i, why in columns.homeless]
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
    losses += _excess(leaves, rules)
    if type_ == "identify":
        _add_context_traits(candidates, context, naming)
    batch = Batch(table, type_, rows, own, list(candidates.values()), losses)
    return _within_row(batch, rules.most_values)


def _within_row(batch: Batch, most: int) -> Batch:
    """A batch no row of which has more than ``most`` values: its own first, then the context's."""
    if len(batch.candidates) <= most:
        return batch
    ordered = sorted(batch.candidates, key=lambda one: one.name.startswith("context_"))
    last = nth_given([one.text for one in ordered], most)
    candidates, losses = ordered[:most], [*batch.losses]
    for place, one in enumerate(ordered[most:], start=most + 1):
        beyond = f"last_held < {place} and {one.text} is not null"
        losses.append(Loss(one.name, one.text, beyond, f"more than {most} values in a row"))
        held = f"case when last_held is null or last_held >= {place} then {one.text} end"
        candidates.append(replace(one, text=held))
    rows = f"(select *, {last} as last_held from {batch.rows})"
    return replace(batch, rows=rows, candidates=candidates, losses=losses)


def _excess(leaves: Sequence[Path], rules: Rules) -> list[Loss]:
    """Values of rows that have more than are allowed. The first ones in order always land."""
    reason = f"more than {rules.max_columns} properties"
    return [
        Loss(rules.naming.column_name(leaf.keys), f"x_{index}", f"x_{index} is not null", reason)
        for index, leaf in enumerate(leaves)
        if index >= rules.max_columns
    ]


def _sort_columns(leaves: Sequence[Path], type_: str, naming: Naming) -> _Columns:
    columns = _Columns()
    reserved = {*_COMMON, *OWN_COLUMNS[type_]}
    for index, leaf in enumerate(leaves):
        name = naming.column_name(leaf.keys)
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
    context: Sequence[ContextLeaf], naming: Naming
) -> tuple[dict[str, Candidate], list[Loss]]:
    columns: dict[str, Candidate] = {}
    losses: list[Loss] = []
    for leaf in context:
        name = naming.column_name(("context", *leaf.path.keys))
        before = columns.get(name)
        if before:
            both = f"{leaf.text} is not null and {before.text} is not null"
            losses.append(Loss(name, before.text, both, "collision"))
        columns[name] = _over(Candidate(name, leaf.text, leaf.path.kinds), before)
    return columns, losses


def _add_context_traits(
    candidates: dict[str, Candidate], context: Sequence[ContextLeaf], naming: Naming
) -> None:
    """Traits that an identify carries in its context land under those it carries itself."""
    reserved = {*_COMMON, *OWN_COLUMNS["identify"]}
    for leaf in context:
        name = naming.column_name(leaf.path.keys[1:])
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
