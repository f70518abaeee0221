"""The register of suppressions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse.engines.duckdb import DuckDBWarehouse
from warehouse.errors import BlockedError
from warehouse.suppressions import (
    is_suppressed,
    suppress,
    suppressed_hashes,
    suppressed_types,
    suppression_state,
)
from warehouse.system_tables import migrate


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    with DuckDBWarehouse(tmp_path / "warehouse.duckdb") as opened:
        migrate(opened)
        yield opened


def test_an_identifier_is_entered_once_whatever_its_case(warehouse: DuckDBWarehouse) -> None:
    assert suppress(warehouse, [("email", "Ada@X.com"), ("email", " ada@x.com")], "asked") == 1
    assert suppress(warehouse, [("phone", "ada@x.com")], "asked") == 1
    hashes = suppressed_hashes(warehouse)
    assert hashes.column("type").to_pylist() == ["email", "phone"]
    assert "ada" not in str(warehouse.rows("select * from weft.suppressions"))
    assert suppressed_types(warehouse) == ["email", "phone"]


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        ("ADA@x.com ", "email", True),
        ("ada@x.com", "phone", False),
        ("ada@x.com", None, True),
        ("bob@x.com", None, False),
    ],
)
def test_a_value_is_looked_up_by_type(
    warehouse: DuckDBWarehouse, value: str, kind: str | None, found: bool
) -> None:
    suppress(warehouse, [("email", "ada@x.com")], "asked")
    assert warehouse.value(f"select {is_suppressed('?', kind)} as found", [value]) is found
    assert warehouse.value(f"select {is_suppressed('null', kind)} as found") is False


def test_the_state_changes_with_every_entry(warehouse: DuckDBWarehouse) -> None:
    states = [suppression_state(warehouse)]
    for value in ("a", "b"):
        suppress(warehouse, [("email", value)], "asked")
        states.append(suppression_state(warehouse))
    warehouse.execute("delete from weft.suppressions")
    suppress(warehouse, [("email", "c"), ("email", "d")], "asked")
    states.append(suppression_state(warehouse))
    assert len(set(states)) == 4


def test_a_register_that_is_gone_is_no_empty_one(warehouse: DuckDBWarehouse) -> None:
    warehouse.execute("drop table weft.suppressions")
    for look in (suppressed_hashes, suppressed_types, suppression_state):
        with pytest.raises(BlockedError, match="cannot be read"):
            look(warehouse)
