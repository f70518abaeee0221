"""Identifiers that must be neither landed nor sent, kept as hashes in ``weft.suppressions``.

An identifier is compared without regard to case and to spaces around it. Everything here fails
closed: a register that cannot be read is an error, never an empty register.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from warehouse.engines import Warehouse, literal
from warehouse.errors import BlockedError
from warehouse.system_tables import SUPPRESSIONS, utc_now

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 10_000


def suppressed_hashes(warehouse: Warehouse) -> "pa.Table":
    """Every suppressed identifier: ``type`` and ``value_hash``, in order.

    Raises BlockedError when the register cannot be read.
    """
    return _read(
        warehouse, f"select distinct type, value_hash from {SUPPRESSIONS} order by type, value_hash"
    )


def suppressed_types(warehouse: Warehouse) -> list[str]:
    """The identifier types of which a value is suppressed, in order. Raises BlockedError."""
    found = _read(warehouse, f"select distinct type from {SUPPRESSIONS} order by type")
    types: list[str] = found.column("type").to_pylist()
    return types


def suppression_state(warehouse: Warehouse) -> str:
    """A text that differs when the register does. Raises BlockedError."""
    [row] = _read(
        warehouse,
        f"select count(*) as entries, {warehouse.checksum('value_hash')} as checksum"
        f" from {SUPPRESSIONS}",
    ).to_pylist()
    return f"{row['entries']}:{row['checksum']}"


def suppress(warehouse: Warehouse, identifiers: Iterable[tuple[str, str]], reason: str) -> int:
    """Enter identifiers (type, value) into the register; how many were not there before."""
    added = 0
    for kind, values in _chunks(identifiers):
        added += warehouse.execute(
            f"""
            insert into {SUPPRESSIONS} (type, value_hash, reason, since)
            select ?, given.value_hash, ?, ?
            from (
                select distinct {hash_of("value")} as value_hash
                from (select unnest(cast(? as varchar[])) as value) as texts
            ) as given
            where given.value_hash not in (select value_hash from {SUPPRESSIONS} where type = ?)
            order by given.value_hash
            """,
            [kind, reason, utc_now(), values, kind],
        )
    return added


def lift(warehouse: Warehouse, identifiers: Iterable[tuple[str, str]]) -> int:
    """Take identifiers (type, value) out of the register; how many were there."""
    lifted = 0
    for kind, values in _chunks(identifiers):
        lifted += warehouse.execute(
            f"""
            delete from {SUPPRESSIONS} where type = ? and value_hash in (
                select {hash_of("value")}
                from (select unnest(cast(? as varchar[])) as value) as texts
            )
            """,
            [kind, values],
        )
    return lifted


def find_suppressions(
    warehouse: Warehouse, *, kind: str | None = None, value: str | None = None, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Entries of the register, newest first and at most so many, and how many there are.

    ``kind`` and ``value`` narrow them down: the register itself holds no values. Raises
    BlockedError when it cannot be read.
    """
    conditions, parameters = ["true"], list[object]()
    if kind is not None:
        conditions.append("type = ?")
        parameters.append(kind)
    if value is not None:
        conditions.append(f"value_hash = {hash_of('cast(? as varchar)')}")
        parameters.append(value)
    found = f"from {SUPPRESSIONS} where {' and '.join(conditions)}"
    shown = _read(
        warehouse,
        f"select type, value_hash, reason, since {found}"
        f" order by since desc, type, value_hash limit {limit}",
        parameters,
    ).to_pylist()
    [row] = _read(warehouse, f"select count(*) as entries {found}", parameters).to_pylist()
    return shown, int(row["entries"])


def _chunks(identifiers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """The values by type, some thousands at a time."""
    for kind, group in groupby(sorted(identifiers), key=itemgetter(0)):
        values = [value for _, value in group]
        for start in range(0, len(values), _CHUNK):
            yield kind, values[start : start + _CHUNK]


def hash_of(expression: str) -> str:
    """SQL for the hash under which the register keeps a value."""
    return f"sha256(lower(trim(cast({expression} as varchar))))"


def is_suppressed(expression: str, kind: str | None) -> str:
    """SQL that is true where a value is suppressed: as one of a type, or of any type for None."""
    of_type = f" where type = {literal(kind)}" if kind is not None else ""
    known = f"select value_hash from {SUPPRESSIONS}{of_type}"
    return f"coalesce({hash_of(expression)} in ({known}), false)"


def _read(warehouse: Warehouse, sql: str, parameters: Sequence[object] = ()) -> "pa.Table":
    try:
        return warehouse.arrow(sql, parameters)
    except Exception as error:
        reason = " ".join(str(error).splitlines()[:1])
        raise BlockedError(
            f"The register of suppressions {SUPPRESSIONS} cannot be read ({reason}); nothing was "
            "sent or landed, make the table readable and run this command again."
        ) from None
