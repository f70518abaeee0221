"""Every destination against its vendor's API, as golden files have it."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.destinations import TYPES, destination_type
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.failures import find_failures
from reverse_etl.forget.withdrawal import withdraw
from reverse_etl.plan import find_account
from reverse_etl.probing import can_probe, probe
from tests.reverse_etl.destinations.golden_files import SECRET, Golden, golden_types, goldens
from tests.reverse_etl.destinations.vendor import Vendor, listening
from tests.reverse_etl.house import QUICK, SYNC, House

QUIET = {"concurrency": 1, "retry": QUICK, "breaker": {"failures": 10, "pauses": 0}}
ALWAYS = {"throttled", "oversized", "awkward", "limits"}
OF_CREDENTIALS = {"expired", "probe"}
OF_MODES = {
    "people": {"upsert", "update", "create", "mirror"},
    "members": {"audience"},
    "events": {"append"},
}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with listening() as found:
        yield found


def api_types() -> list[str]:
    return sorted(kind for kind in TYPES if issubclass(destination_type(kind), ApiDestination))


def build_house(folder: Path, vendor: Vendor, golden: Golden) -> House:
    destination = {**QUIET, **golden.settings, "base_url": vendor.url}
    sync = {"guard": {"max_removed_percent": 100}, **golden.document.get("sync", {})}
    return House(folder, destination=destination, **{"fields": {}, **sync})


@pytest.mark.parametrize("golden", goldens(), ids=str)
def test_the_requests_and_what_the_answers_mean(
    golden: Golden, tmp_path: Path, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with build_house(tmp_path, vendor, golden) as house:
        for number, step in enumerate(golden.document["steps"], start=1):
            vendor.play(step.get("exchange", []))
            error = take(house, step, f"step-{number}")
            assert vendor.faults == []
            assert vendor.script == [], f"step {number}: requests are missing, then: {error}"
            assert outcomes(house, f"step-{number}") == step.get("outcomes", {}), error
            for key, message in step.get("messages", {}).items():
                assert message in messages(house, f"step-{number}")[key]
            if step.get("error"):
                assert step["error"] in (error or "")
        assert SECRET not in everything(house) + caplog.text


def take(house: House, step: Mapping[str, Any], run_id: str) -> str | None:
    """Carry out a step; what ended the sync, if anything did."""
    if "forget" in step:
        with house._run("forget", run_id) as run:
            account = find_account(house.warehouse, house.project, house.sync)
            keys = (str(step["forget"]),)
            return withdraw(house.warehouse, house.project, house.sync, run, account, keys).error
    fill(house, step["rows"])
    return house.push(run_id=run_id).error


def fill(house: House, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make the model of these rows."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = [f"cast(? as {type_of([row.get(name) for row in rows])}) as {name}" for name in names]
    selects = " union all ".join(f"select {', '.join(columns)}" for _ in rows)
    values = [encoded(row.get(name)) for row in rows for name in names]
    house.warehouse.execute("create schema if not exists shop")
    house.warehouse.execute("drop table if exists shop.customers")
    house.warehouse.execute(f"create table shop.customers as {selects}", values)


def type_of(values: Sequence[Any]) -> str:
    """The type of a column that holds such values."""
    given = [value for value in values if value is not None]
    for kinds, name in (
        (bool, "boolean"),
        (int, "bigint"),
        (float, "double"),
        (datetime, "timestamptz"),
        (date, "date"),
        ((list, dict), "json"),
    ):
        if given and all(isinstance(value, kinds) for value in given):
            return name
    if given and all(isinstance(value, (int, float)) for value in given):
        return "double"
    return "varchar"


def encoded(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def outcomes(house: House, run_id: str) -> dict[str, str]:
    """The last outcome of each key in a run."""
    return {row["key"]: row["outcome"] for row in attempts(house, run_id)}


def messages(house: House, run_id: str) -> dict[str, str]:
    """What was said of each key in a run."""
    return {
        row["key"]: f"{row['code'] or ''} {row['message'] or ''}" for row in attempts(house, run_id)
    }


def attempts(house: House, run_id: str) -> list[dict[str, Any]]:
    return house.rows(
        "select * from weft.sync_attempts where run_id = ? order by attempted_at, attempt", [run_id]
    )


def everything(house: House) -> str:
    """All that a push leaves behind: system tables, the plan, the errors a person can list."""
    tables = house.rows(
        "select table_name from information_schema.tables where table_schema = 'weft'"
    )
    left = [house.rows(f"select * from weft.{table['table_name']}") for table in tables]
    failures = find_failures(house.warehouse, {SYNC: house.sync})
    return f"{left} {failures} {house.sync!r}"


@pytest.mark.parametrize("golden", goldens("probe"), ids=str)
def test_the_credentials_are_checked(golden: Golden, tmp_path: Path, vendor: Vendor) -> None:
    asked = golden.document["probe"]
    before = asked.get("before", [])
    with build_house(tmp_path, vendor, golden) as house:
        opened = house.sync.destination.open()
        redact = house.sync.destination.redactor(opened)
        vendor.play([*before, {"request": asked["request"], "answer": asked["answer"]}])
        assert probe(opened, "crm", redact) is None
        assert (vendor.faults, vendor.script) == ([], [])
        refused = golden.document["refused"]["answer"]
        vendor.play([*before, {"request": asked["request"], "answer": refused}])
        sentence = probe(opened, "crm", redact)
        assert sentence is not None
        assert "refuses the credentials" in sentence
        assert SECRET not in sentence


@pytest.mark.parametrize("kind", golden_types())
def test_an_echo_of_the_request_shows_no_secret(kind: str, tmp_path: Path, vendor: Vendor) -> None:
    golden = next(one for one in goldens("people", "members", "events") if one.type == kind)
    vendor.echo = 400
    with build_house(tmp_path, vendor, golden) as house:
        fill(house, golden.document["steps"][0]["rows"])
        error = house.push().error
        headers = str([headers for _, _, headers, _ in vendor.requests])
        told = everything(house) + str(error)
        assert SECRET not in told
        for header in ("authorization", "api-key", "api-token", "x-api-token"):
            for _, _, sent, _ in vendor.requests:
                secret = sent.get(header, "").rpartition(" ")[2]
                assert secret == "" or secret not in told, headers


def test_every_vendor_has_its_golden_files() -> None:
    assert golden_types() == api_types()


@pytest.mark.parametrize("kind", golden_types())
def test_the_scenarios_of_a_vendor(kind: str) -> None:
    description = destination_type(kind)
    assert issubclass(description, ApiDestination)
    wanted = ALWAYS | {name for name, modes in OF_MODES.items() if modes & description.modes}
    wanted |= {"erasure"} if description.erases else set()
    if can_probe(description.model_validate(Golden(kind, "", {}).settings)):
        wanted |= OF_CREDENTIALS
    found = {golden.scenario for golden in [*goldens(), *goldens("probe")] if golden.type == kind}
    assert wanted - found == set()
