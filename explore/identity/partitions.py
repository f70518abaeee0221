"""Two answers to who is who, compared: what is one profile in one and several in the other."""

from dataclasses import dataclass

from explore.identity.examples import Example, NamedIdentifier, read_examples
from warehouse.engines import Table, Warehouse


@dataclass(frozen=True)
class SizedProfile:
    """A profile by its number of identifiers, with one of them, a user_id where it has one."""

    identifiers: int
    example: NamedIdentifier


@dataclass(frozen=True)
class Comparison:
    """What would change. A profile that would be both merged and split counts in both.

    ``merges`` are the profiles that would be made of ``merged_profiles`` present ones; ``splits``
    the present profiles that would fall into ``split_parts``.
    """

    profiles_before: int
    profiles_after: int
    identifiers_before: int
    identifiers_after: int
    identifiers_gone: int
    identifiers_new: int
    merges: int
    merged_profiles: int
    splits: int
    split_parts: int
    largest_before: list[SizedProfile]
    largest_after: list[SizedProfile]
    examples: list[Example]


def compare(
    warehouse: Warehouse,
    before: Table,
    after: Table,
    *,
    overlap: Table,
    examples: int,
    largest: int,
) -> Comparison:
    """Compare two tables of ``profile_identifiers``.

    ``overlap`` is a name for a table to work with; who calls drops it.
    """
    warehouse.execute(_overlap_sql(before, after, overlap))
    [totals] = warehouse.rows(_totals_sql(overlap))
    merges, merged_profiles = _apart(warehouse, overlap, whole="after", part="before")
    splits, split_parts = _apart(warehouse, overlap, whole="before", part="after")
    return Comparison(
        **totals,
        merges=merges,
        merged_profiles=merged_profiles,
        splits=splits,
        split_parts=split_parts,
        largest_before=_largest(warehouse, overlap, "before", largest),
        largest_after=_largest(warehouse, overlap, "after", largest),
        examples=read_examples(warehouse, overlap, examples),
    )


def _overlap_sql(before: Table, after: Table, overlap: Table) -> str:
    # By type and value: ids of identifiers are no promise from one version to the next.
    return f"""
        create table {overlap} as
        select
            identifier_type,
            identifier_value,
            stored.profile_id as before,
            tried.profile_id as after
        from (select identifier_type, identifier_value, profile_id from {before}) as stored
        full outer join (
            select identifier_type, identifier_value, profile_id from {after}
        ) as tried using (identifier_type, identifier_value)
    """


def _totals_sql(overlap: Table) -> str:
    return f"""
        select
            count(distinct before) as profiles_before,
            count(distinct after) as profiles_after,
            count(before) as identifiers_before,
            count(after) as identifiers_after,
            count(case when after is null then 1 end) as identifiers_gone,
            count(case when before is null then 1 end) as identifiers_new
        from {overlap}
    """


def _apart(warehouse: Warehouse, overlap: Table, *, whole: str, part: str) -> tuple[int, int]:
    """How many wholes have several parts, and how many parts these are."""
    [counts] = warehouse.rows(
        f"""
        select count(*) as wholes, cast(coalesce(sum(parts), 0) as bigint) as parts
        from (
            select count(distinct {part}) as parts
            from {overlap}
            where {whole} is not null
            group by {whole}
            having count(distinct {part}) > 1
        ) as several
        """
    )
    return counts["wholes"], counts["parts"]


def _largest(warehouse: Warehouse, overlap: Table, side: str, most: int) -> list[SizedProfile]:
    rows = warehouse.rows(_largest_sql(overlap, side), [most])
    return [
        SizedProfile(
            row["identifiers"], NamedIdentifier(row["identifier_type"], row["identifier_value"])
        )
        for row in rows
    ]


def _largest_sql(overlap: Table, side: str) -> str:
    return f"""
        with

        sizes as (

            select {side} as profile_id, count(*) as identifiers
            from {overlap}
            where {side} is not null
            group by {side}
            order by identifiers desc, profile_id
            limit ?

        ),

        named as (

            select
                sizes.*,
                overlap.identifier_type,
                overlap.identifier_value,
                row_number() over (
                    partition by sizes.profile_id
                    order by overlap.identifier_type desc, overlap.identifier_value
                ) as place
            from sizes
            inner join {overlap} as overlap on overlap.{side} = sizes.profile_id

        )

        select * from named where place = 1 order by identifiers desc, profile_id
    """
