"""Values of documents as columns of text: all that one batch needs, or many batches in one pass."""

from collections.abc import Mapping, Sequence

from loaders.naming import Naming
from loaders.structure import NULL, Path, extract, literal, pointer

BATCH = "weft_batch"
"""The parser's table of the rows of one landed table that are read by themselves."""


def leaves_of(paths: Sequence[Path]) -> list[Path]:
    """Those paths of documents at which values stand."""
    return [path for path in paths if path.holds_value]


def read_slots(document: str, paths: Mapping[int, Sequence[Path]]) -> tuple[str, list[str]]:
    """SQL that reads the values of documents by ``table_number``, each with its table's paths.

    The first part is to be selected as ``leaves``, the second are expressions over it: ``p0`` has
    the first value of every table, and so on.
    """
    lists: list[str] = []
    values: list[dict[str, list[int]]] = []
    for number, some in paths.items():
        texts, found = extract(document, leaves_of(some), "leaves")
        if found:
            lists.append(f"when {number} then {texts}")
        for place, value in enumerate(found):
            if place == len(values):
                values.append({})
            values[place].setdefault(value, []).append(number)
    if not lists:
        return "null", []
    return f"case table_number {' '.join(lists)} end", [_choose(one) for one in values]


def _choose(values: Mapping[str, Sequence[int]]) -> str:
    """One expression of several that tables have in the same place."""
    *special, usual = sorted(values.items(), key=lambda one: len(one[1]))
    whens = " ".join(
        f"when table_number in ({', '.join(map(str, numbers))}) then {value}"
        for value, numbers in special
    )
    return f"case {whens} else {usual[0]} end" if whens else usual[0]


def batch_sql(
    rows: str,
    paths: Sequence[Path],
    collisions: Mapping[str, Sequence[int]],
    nulls: Mapping[str, str] | None,
    most: int,
) -> str:
    """SQL that fills BATCH from rows with their ``document``, whose paths are given.

    Beside ``p0`` and so on there are, for keys that collide (places of values by column),
    ``w_N``: which of them stands last in its document; with ``nulls`` (names by pointer)
    ``null_traits``; and where a row has more than ``most`` values, the rest in ``x_N``.
    """
    leaves = leaves_of(paths)
    texts, values = extract("document", leaves, "leaves")
    columns = "".join(f", {value} as p{index}" for index, value in enumerate(values))
    winners = "".join(
        f", {_latest(leaves, found)} as w_{found[0]}" for found in collisions.values()
    )
    null_traits = "" if nulls is None else f", {_null_traits(nulls)} as null_traits"
    return f"""
        create or replace temp table {BATCH} as
        with extracted as (select *, {texts} as leaves from {rows}),
        texts as (
            select columns(lambda name: not regexp_full_match(name, 'leaves|p[0-9]+')) {columns}
            from extracted
        ){_capped(len(leaves), most)}
        select
            * exclude (document)
            {winners}
            {null_traits}
        from {"capped" if len(leaves) > most else "texts"}
    """


def nth_given(values: Sequence[str], number: int) -> str:
    """SQL for the place, from 1, of the value that is the ``number``th that is not null."""
    given = ", ".join(f"({value}) is not null" for value in values)
    return (
        f"list_filter(list_transform([{given}],"
        " lambda one, place: case when one then place end),"
        f" lambda place: place is not null)[{number}]"
    )


def _capped(count: int, most: int) -> str:
    """Rows with no more than ``most`` values as ``p_N``, in the order of the paths."""
    if count <= most:
        return ""
    values = [f"p{index}" for index in range(count)]
    kept = ", ".join(
        f"case when last_kept is null or last_kept > {index} then p{index} end as p{index}"
        for index in range(most, count)
    )
    excess = "".join(
        f", case when last_kept <= {index} then p{index} end as x_{index}"
        for index in range(most, count)
    )
    return f""",
        counted as (select *, {nth_given(values, most)} as last_kept from texts),
        capped as (
            select * exclude (last_kept) replace ({kept}) {excess} from counted
        )"""


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


def sent_null(paths: Sequence[Path], naming: Naming) -> dict[str, str]:
    """The names of columns at whose paths a null was sent, by pointer."""
    names = {path.pointer: naming.column_name(path.keys) for path in paths if NULL in path.kinds}
    return {place: name for place, name in names.items() if name}


def _null_traits(nulls: Mapping[str, str]) -> str:
    """The names of traits that were sent as null, as a JSON array; null when there are none."""
    if not nulls:
        return "null::varchar"
    pointers, names = (", ".join(map(literal, some)) for some in (nulls, nulls.values()))
    sent = f"list_zip(json_type(document, [{pointers}]), [{names}])"
    traits = f"list_transform(list_filter({sent}, lambda one: one[1] = 'NULL'), lambda one: one[2])"
    as_json = f"to_json(list_sort(list_distinct({traits})))::varchar"
    return f"nullif({as_json}, '[]')"
