"""Commands around syncs: plan files, runs, reset and forget, as a person types them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demo.receiver import run_receiver
from tests.conftest import Shop
from warehouse.engines.duckdb import DuckDBWarehouse

FILES = "high_value_customers_to_files"
HOOK = "cart_abandoners_to_webhook"


@pytest.fixture
def shop(next_day: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The shop after its second day, with two customers changed and its receiver listening."""
    copy = next_day.copy(tmp_path / "shop")
    with DuckDBWarehouse(copy.folder / "prod.duckdb") as warehouse:
        table = "analytics.high_value_customers"
        warehouse.execute(
            f"update {table} set first_name = 'Changed' where profile_id in"
            f" (select profile_id from {table} order by profile_id limit 2)"
        )
    with run_receiver(copy.folder / "received", copy.port) as url:
        monkeypatch.setenv("SHOP_WEBHOOK_URL", url)
        yield copy


def test_a_plan_in_a_file_is_applied_once(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "tonight.json"
    planned = shop.weft("plan", "-o", str(file), "--detailed-exitcode")
    assert planned.exit_code == 4
    assert "~ " in planned.output
    assert "first_name: " in planned.output
    assert "weft apply" in planned.output
    tried = shop.weft("apply", str(file), "--dry-run")
    assert tried.exit_code == 0, tried.errors
    applied = shop.weft("apply", str(file), "--json")
    assert applied.exit_code == 0, applied.errors
    states = {sync["sync"]: sync["state"] for sync in json.loads(applied.output)["syncs"]}
    assert states == {FILES: "succeeded", HOOK: "unchanged"}
    again = shop.weft("apply", str(file))
    assert again.exit_code == 3
    assert "is stale" in again.output
    assert "BLOCKED=2 TOTAL=2" in again.output.splitlines()[-1]
    assert shop.weft("plan", "--detailed-exitcode").exit_code == 0


def test_a_guard_beats_changes_until_the_plan_is_approved(shop: Shop) -> None:
    with DuckDBWarehouse(shop.folder / "prod.duckdb") as warehouse:
        warehouse.execute("delete from analytics.high_value_customers")
    planned = shop.weft("plan", "--detailed-exitcode", "--json")
    assert planned.exit_code == 3
    [plan] = [one for one in json.loads(planned.output)["plans"] if one["sync"] == FILES]
    assert plan["state"] == "blocked"
    shown = shop.weft("plan", "-s", FILES)
    assert "blocked: The model has 0 rows" in shown.output
    assert f"weft sync -s {FILES} --approve " in shown.output
    assert shop.weft("sync", "-s", FILES).exit_code == 3
    assert shop.weft("sync", "-s", FILES, "--approve", plan["plan_id"]).exit_code == 0


def test_parts_of_a_sync_need_its_name(shop: Shop) -> None:
    for options in (["--only-key", "x"], ["--resync"], ["--from", "2026-01-01"]):
        finished = shop.weft("plan", *options)
        assert finished.exit_code == 2
        assert "name it with -s SYNC" in finished.errors
    resync = shop.weft("plan", "-s", FILES, "--resync", "--json")
    [plan] = json.loads(resync.output)["plans"]
    assert (plan["unchanged"], plan["changed"]) == (0, plan["source_rows"])
    appended = shop.weft("plan", "-s", FILES, "--from", "2026-01-01")
    assert appended.exit_code == 2


def test_runs_are_listed_shown_and_explained(shop: Shop) -> None:
    assert shop.weft("sync", "--run-id", "by-hand").exit_code == 0
    listed = shop.weft("runs", "list", "--json")
    runs = json.loads(listed.output)["runs"]
    assert (runs[0]["run_id"], runs[0]["state"], runs[0]["syncs"]) == ("by-hand", "succeeded", 2)
    assert "by-hand" in shop.weft("runs", "list", "--command", "sync", "--limit", "1").output
    shown = shop.weft("runs", "show", "by-h")
    assert shown.exit_code == 0, shown.errors
    assert FILES in shown.output
    document = json.loads(shop.weft("runs", "show", "by-hand", "--json").output)
    assert [sync["sync"] for sync in document["syncs"]] == sorted([FILES, HOOK])
    wrong = shop.weft("runs", "show", "by-hnd")
    assert wrong.exit_code == 2
    assert "did you mean 'by-hand'" in wrong.errors
    assert "none" in shop.weft("runs", "errors").output
    assert shop.weft("runs", "retry", "-s", FILES).exit_code == 0


def test_a_reset_asks_first(shop: Shop) -> None:
    refused = shop.weft("reset", FILES)
    assert refused.exit_code != 0
    done = shop.weft("reset", FILES, "--yes", "--json")
    assert done.exit_code == 0, done.errors
    figures = json.loads(done.output)
    assert figures["done"]
    [plan] = json.loads(shop.weft("plan", "-s", FILES, "--json").output)["plans"]
    assert (plan["added"], plan["removed"]) == (figures["keys"], 0)


def text_of_everything(shop: Shop) -> str:
    """Every row of every table, views left out."""
    tables = shop.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE' order by all"
    )
    return "".join(
        json.dumps(
            shop.rows(f'select * from "{one["table_schema"]}"."{one["table_name"]}"'), default=str
        )
        for one in tables
    ).lower()


@pytest.mark.slow
def test_a_person_is_forgotten_everywhere(shop: Shop) -> None:
    [person] = shop.rows(
        "select profile_id, email from analytics.high_value_customers"
        " where email is not null order by profile_id limit 1"
    )
    identifiers = shop.rows(
        "select identifier_value as value from analytics.profile_identifiers"
        f" where profile_id = '{person['profile_id']}'"
    )
    assert person["email"] in text_of_everything(shop)
    tried = shop.weft("forget", person["email"], "--dry-run")
    assert tried.exit_code == 0, tried.errors
    assert "would be forgotten" in tried.output
    done = shop.weft("forget", person["email"], "--yes", "--json")
    assert done.exit_code == 0, done.output + done.errors
    proof = json.loads(done.output)
    assert proof["state"] == "done"
    assert {one["state"] for one in proof["destinations"]} == {"removed"}
    left = text_of_everything(shop)
    found = [row["value"] for row in identifiers if f'"{row["value"].lower()}"' in left]
    assert found == []
    assert person["profile_id"] not in left
