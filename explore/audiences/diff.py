"""How two audiences differ: who is in one and not the other, and whose columns changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.engines import Table, Warehouse, quote


@dataclass(frozen=True)
class ColumnChange:
    """A column that both have, and for how many members of both its value differs."""

    column: str
    members: int


@dataclass(frozen=True)
class AudienceDiff:
    """Two tables of members compared. ``before`` and ``after`` name them.

    ``removed`` members are in the first only, ``added`` ones in the second only. Samples are whole
    rows, chosen by the md5 of the member's id.
    """

    before: str
    after: str
    size_before: int
    size_after: int
    removed: int
    added: int
    both: int
    columns: list[ColumnChange]
    columns_removed: list[str]
    columns_added: list[str]
    sample_removed: list[dict[str, Any]]
    sample_added: list[dict[str, Any]]


def compare(
    warehouse: Warehouse,
    names: tuple[str, str],
    tables: tuple[Table | None, Table | None],
    *,
    key: str,
    sample: int = 10,
) -> AudienceDiff:
    """Compare two tables by a key that is unique in each; a table that is None has no rows."""
    first, second = (_columns(warehouse, table) for table in tables)
    common = [column for column in first if column in second and column != key]
    before, after = (_relation(table, key) for table in tables)
    counts = warehouse.rows(_counts_sql(before, after, key, common))[0]
    return AudienceDiff(
        *names,
        size_before=counts["removed"] + counts["both"],
        size_after=counts["added"] + counts["both"],
        removed=counts["removed"],
        added=counts["added"],
        both=counts["both"],
        columns=[
            ColumnChange(column, counts[f"changed_{number}"])
            for number, column in enumerate(common)
            if counts[f"changed_{number}"]
        ],
        columns_removed=[column for column in first if tables[1] and column not in second],
        columns_added=[column for column in second if tables[0] and column not in first],
        sample_removed=_only(warehouse, before, after, key, sample),
        sample_added=_only(warehouse, after, before, key, sample),
    )


def _columns(warehouse: Warehouse, table: Table | None) -> Mapping[str, str]:
    return warehouse.columns(table) if table is not None else {}


def _relation(table: Table | None, key: str) -> str:
    if table is None:
        return f"(select cast(null as varchar) as {quote(key)} where false)"
    return str(table)


def _counts_sql(before: str, after: str, key: str, common: Sequence[str]) -> str:
    name = quote(key)
    is_both = f"before.{name} is not null and after.{name} is not null"
    changed = "".join(
        f", count(case when {is_both} and before.{quote(column)} is distinct from"
        f" after.{quote(column)} then 1 end) as changed_{number}"
        for number, column in enumerate(common)
    )
    return (
        f"select count(case when after.{name} is null then 1 end) as removed,"
        f" count(case when before.{name} is null then 1 end) as added,"
        f" count(case when {is_both} then 1 end) as both{changed}"
        f" from {before} as before full outer join {after} as after"
        f" on after.{name} = before.{name}"
    )


def _only(
    warehouse: Warehouse, one: str, other: str, key: str, sample: int
) -> list[dict[str, Any]]:
    name = quote(key)
    return warehouse.rows(
        f"select one.* from {one} as one where not exists"
        f" (select 1 from {other} as other where other.{name} = one.{name})"
        f" order by md5(one.{name}), one.{name} limit ?",
        [sample],
    )
