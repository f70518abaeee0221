"""Examples of what two answers to who is who tell differently: some profiles, with identifiers."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from warehouse.engines import Table, Warehouse

SHOWN = 5
"""Parts of an example, and identifiers of a part, that are shown."""


@dataclass(frozen=True)
class NamedIdentifier:
    """An identifier."""

    identifier_type: str
    identifier_value: str


@dataclass(frozen=True)
class Part:
    """A part of an example; ``profile_id`` is None for a profile that is not there yet."""

    profile_id: str | None
    identifiers: list[NamedIdentifier]
    identifiers_total: int


@dataclass(frozen=True)
class Example:
    """Profiles that would become one (``merge``), or a profile that would become several.

    The largest parts come first; ``parts_total`` counts those that are not shown as well.
    """

    kind: str
    profile_id: str | None
    parts: list[Part]
    parts_total: int


def read_examples(warehouse: Warehouse, overlap: Table, most: int) -> list[Example]:
    """At most so many examples: as many merges as splits, or more of one where few are the other.

    ``overlap`` has a row per identifier: identifier_type, identifier_value, before, after (profile
    ids, null where it is no identifier).
    """
    merges = _examples_of(warehouse, overlap, "merge", most)
    splits = _examples_of(warehouse, overlap, "split", most)
    half = most // 2
    chosen = merges[: max(half, most - len(splits))]
    return chosen + splits[: most - len(chosen)]


def _examples_of(warehouse: Warehouse, overlap: Table, kind: str, most: int) -> list[Example]:
    whole, part = ("after", "before") if kind == "merge" else ("before", "after")
    rows = warehouse.rows(_examples_sql(overlap, whole, part), [most, SHOWN, SHOWN])
    return [
        _example(kind, list(members)) for _, members in groupby(rows, key=lambda row: row["place"])
    ]


def _example(kind: str, rows: list[dict[str, Any]]) -> Example:
    parts = []
    for _, group in groupby(rows, key=lambda row: row["part_place"]):
        members = list(group)
        parts.append(
            Part(
                members[0]["part"] if kind == "merge" else None,
                [
                    NamedIdentifier(row["identifier_type"], row["identifier_value"])
                    for row in members
                ],
                members[0]["identifiers"],
            )
        )
    profile_id = rows[0]["whole"] if kind == "split" else None
    return Example(kind, profile_id, parts, rows[0]["parts"])


def _examples_sql(overlap: Table, whole: str, part: str) -> str:
    """The parts of the wholes with most parts; parameters: wholes, parts of each, names of each."""
    return f"""
        with

        {_placed_sql(overlap, whole, part)},

        named as (

            select
                placed.*,
                overlap.identifier_type,
                overlap.identifier_value,
                row_number() over (
                    partition by placed.whole, placed.part
                    order by overlap.identifier_type desc, overlap.identifier_value
                ) as name_place
            from placed
            inner join {overlap} as overlap
                on overlap.{whole} = placed.whole and overlap.{part} = placed.part
            where placed.part_place <= ?

        )

        select * from named where name_place <= ? order by place, part_place, name_place
    """


def _placed_sql(overlap: Table, whole: str, part: str) -> str:
    return f"""
        parts as (

            select {whole} as whole, {part} as part, count(*) as identifiers
            from {overlap}
            where {whole} is not null and {part} is not null
            group by {whole}, {part}

        ),

        chosen as (

            select
                whole,
                count(*) as parts,
                row_number() over (order by count(*) desc, min(part), whole) as place
            from parts
            group by whole
            having count(*) > 1
            order by place
            limit ?

        ),

        placed as (

            select
                chosen.place,
                chosen.parts,
                parts.*,
                row_number() over (
                    partition by parts.whole order by parts.identifiers desc, parts.part
                ) as part_place
            from parts
            inner join chosen on chosen.whole = parts.whole

        )"""
