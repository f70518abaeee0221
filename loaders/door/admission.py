"""Lines at the door: their text is edited where values are named, and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from loaders.door import patterns
from loaders.door.settings import Door, Named, Renamed
from loaders.structure import literal
from warehouse.documents import resolve_env_vars

ADMITTED = "weft_admitted"
"""The parser's table of lines as they may be kept, with the columns of ``weft_lines``."""

COLLISIONS = "weft_collisions"
"""The parser's table of values that could not get their new name: file, line, name, value."""

TWICE = "a name that the door guards is given twice"
"""The reason of a line in which a named value stands more than once."""

TOO_DEEP = f"nested deeper than {patterns.MAX_DEPTH} levels"
"""The reason of a line that is nested deeper than any that lands."""

# The text up to a value that is the first of its object, without its key.
_OPENS = r"\{[ \t\r\n]*$"


@dataclass(frozen=True)
class Guard:
    """The rules of a source's door, with the salt of its hashes."""

    door: Door
    salt: str = field(repr=False)


def make_guard(source: str, door: Door | None) -> Guard | None:
    """The guard of a source; none when its door has no rules.

    Raises ConfigurationError when the environment lacks the salt.
    """
    if door is None or not (door.drop or door.hash or door.rename):
        return None
    return Guard(door, resolve_env_vars(door.salt or "", f"source {source!r}"))


def admit(
    parser: duckdb.DuckDBPyConnection,
    guard: Guard,
    lines: str = "weft_lines",
    *,
    again: bool = False,
) -> None:
    """Read lines into ADMITTED, with what is named dropped, hashed and renamed, in this order.

    ``lines`` is a relation with the columns file, line, raw and fault. What is not named stays as
    it is, byte by byte. Of a line that is no JSON object, of one that is too deep and of one that
    gives a name twice only length and SHA-256 are kept. A hash is SHA-256 in hexadecimal over the
    salt and the value: a string's text, a number as it is written. Null and the empty string stay.

    A value whose new name is taken goes to COLLISIONS. Lines that pass the door ``again``, as those
    of a replay, keep a text that is a hash already.
    """
    parser.execute(_admit_sql(guard.door, lines, again), [guard.salt])
    parser.execute(f"""
        create or replace temp table {COLLISIONS} as
        select file, line, unnest(taken, recursive := true)
        from (select file, line, taken from {ADMITTED} where taken is not null)
    """)
    parser.execute(f"alter table {ADMITTED} drop column taken")


def _admit_sql(door: Door, lines: str, again: bool) -> str:
    steps = [select for rule in _rules(door) for select in _steps(*rule, again)]
    ctes = "".join(
        f", step_{number} as ({select} from step_{number - 1})"
        for number, select in enumerate(steps, start=1)
    )
    note = "printf('[withheld at the door: %d characters, SHA-256 %s]', length(raw), sha256(raw))"
    return f"""
        create or replace temp table {ADMITTED} as
        with door as materialized (select ?::varchar as salt),
        step_0 as ({_checked(lines)})
        {ctes}
        select
            file,
            line,
            case when fault is null then raw else {note} end as raw,
            fault,
            case when fault is null then taken end as taken
        from step_{len(steps)}
    """


def _rules(door: Door) -> Iterator[tuple[str, Named]]:
    yield from (("drop", named) for named in door.drop)
    yield from (("hash", named) for named in door.hash)
    yield from (("rename", named) for named in door.rename)


def _checked(lines: str) -> str:
    """Lines, with a fault where a pattern could not find its way."""
    return f"""
        select
            file,
            line,
            raw,
            case
                when fault is not null then fault
                when not json_valid(raw) then 'not valid JSON'
                when json_type(raw) <> 'OBJECT' then 'not a JSON object'
                when not regexp_matches(raw, {literal(patterns.whole())}) then '{TOO_DEEP}'
            end as fault,
            null::struct(name varchar, value varchar)[] as taken
        from {lines}
    """


def _steps(kind: str, named: Named, again: bool) -> list[str]:
    """One rule, as selects of which each reads the one before: the line is cut around the value,
    and put together again.
    """
    path = literal(patterns.up_to_value(named.keys))
    edited, taken = _edit(kind, named, again)
    return [
        f"""
        select *, case when {_may_hold(named)} then regexp_extract(raw, {path}) else '' end as head
        """,
        "select *, case when head <> '' then substring(raw, length(head) + 1) end as rest",
        f"select *, regexp_extract(rest, {literal(patterns.value())}) as value",
        *_without(named.keys[-1], path),
        f"""
        select
            file,
            line,
            case when rest is null or is_twice then raw else {edited} end as raw,
            case when is_twice then '{TWICE}' else fault end as fault,
            {taken} as taken
        """,
    ]


def _without(name: str, path: str) -> list[str]:
    """The line without the member, and whether there is another of its name."""
    return [
        f"""
        select
            *,
            substring(rest, length(value) + 1) as tail,
            regexp_replace(head, {literal(patterns.last_key(name))}, '') as front
        """,
        f"""
        select
            *,
            case
                when regexp_matches(front, '{_OPENS}')
                    then front || regexp_replace(tail, '^[ \\t\\r\\n]*,', '')
                else front || tail
            end as without
        """,
        f"""
        select
            *,
            case
                when rest is null or not regexp_matches(tail, {literal(patterns.member(name))})
                    then false
                else regexp_matches(without, {path})
            end as is_twice
        """,
    ]


def _may_hold(named: Named) -> str:
    """Whether a line is worth a pattern. A key may be written in escapes."""
    conditions = ["fault is null"]
    for key in named.keys:
        conditions.append(f"(contains(raw, {literal(key)}) or contains(raw, '\\u'))")
    if named.events:
        events = literal(patterns.with_value(("event",), named.events))
        conditions.append(f"regexp_matches(raw, {events})")
    return " and ".join(conditions)


def _edit(kind: str, named: Named, again: bool) -> tuple[str, str]:
    """A line after a rule, as SQL, and the values that found their new name taken."""
    if kind == "hash":
        text = "case when left(value, 1) = '\"' then json_extract_string(value, '$') else value end"
        stays = f"value = 'null' or trim({text}, ' \t\r\n') = ''"
        if again:
            stays += " or regexp_full_match(value, '\"[0-9a-f]{64}\"')"
        hashed = f"""head || '"' || sha256((select salt from door) || {text}) || '"' || tail"""
        return f"case when {stays} then raw else {hashed} end", "taken"
    if not isinstance(named, Renamed):
        return "without", "taken"
    path = patterns.up_to_value((*named.keys[:-1], named.to))
    is_taken = f"regexp_matches(without, {literal(path)})"
    # The value keeps its text and its place; only the key before it is another.
    new_key = literal(f'"{named.to}":')
    comma = f"case when regexp_matches(front, '{_OPENS}') then '' else ',' end"
    moved = f"front || {comma} || {new_key} || value || tail"
    taken = f"list_append(coalesce(taken, []), {{'name': {literal(named.to)}, 'value': value}})"
    return (
        f"case when {is_taken} then without else {moved} end",
        f"case when rest is not null and {is_taken} then {taken} else taken end",
    )
