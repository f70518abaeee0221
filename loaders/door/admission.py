"""Lines at the door: their text is edited where values are named, and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb

from loaders.door import patterns
from loaders.door.edits import TAKEN, rule_tables
from loaders.door.settings import Door, Named
from loaders.structure import literal
from warehouse.documents import resolve_env_vars

ADMITTED = "weft_admitted"
"""The parser's table of lines as they may be kept, with the columns of ``weft_lines``."""

COLLISIONS = "weft_collisions"
"""The parser's table of values that could not get their new name: file, line, name, value."""

TOO_DEEP = f"nested deeper than {patterns.MAX_DEPTH} levels"
"""The reason of a line that is nested deeper than any that lands."""


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
    tables = [f"step_0 as ({_checked(lines)})"]
    for number, (kind, named) in enumerate(_rules(door), start=1):
        tables += rule_tables(kind, named, again, f"step_{number - 1}", f"step_{number}")
    note = "printf('[withheld at the door: %d characters, SHA-256 %s]', length(raw), sha256(raw))"
    return f"""
        create or replace temp table {ADMITTED} as
        with door as materialized (select ?::varchar as salt), {", ".join(tables)}
        select
            file,
            line,
            case when fault is null then raw else {note} end as raw,
            fault,
            case when fault is null then taken end as taken
        from step_{len(list(_rules(door)))}
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
            {TAKEN} as taken
        from {lines}
    """
