"""Nothing leaves from the wrong target; secrets stay where they belong."""

import json
import logging
import traceback
from pathlib import Path

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.errors import ConfigurationError

ADA = ("ada@example.com", "Ada", 10)
SECRET = "sk-live-4f9a1c"


@pytest.mark.parametrize("dry_run", [True, False])
def test_another_target_writes_files_and_reaches_nobody(
    tmp_path: Path, receiver: Receiver, dry_run: bool
) -> None:
    settings = webhook(receiver.url, headers={"X-Key": "{{ env_var('NOT_SET') }}"})
    target = "prod" if dry_run else "dev"
    with House(tmp_path, destination=settings, target=target) as house:
        house.fill([ADA, ("bob@example.com", "Bob", 20)])
        report = house.push(run_id="morning/1", dry_run=dry_run)
        assert (report.state, report.exit_code) == ("diverted", 0)
        path = tmp_path / "target" / "syncs" / "customers_to_crm" / "morning_1.jsonl"
        assert report.diverted == path
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert {
            "operation": "add",
            "key": "ada@example.com",
            "fields": {"name": "Ada", "total": 10},
        } in lines
        assert len(lines) == 2
        assert path.stat().st_mode & 0o077 == 0
        assert house.rows("select * from weft.sync_attempts") == []
        assert house.rows("select * from weft.sync_snapshot") == []
    assert receiver.requests == []


def test_a_target_that_is_named_is_reached(tmp_path: Path, receiver: Receiver) -> None:
    settings = webhook(receiver.url, targets=["dev"])
    with House(tmp_path, destination=settings, target="dev") as house:
        house.fill([ADA])
        assert house.push().succeeded.added == 1


def everything_stored(house: House) -> str:
    tables = house.rows(
        "select table_name from information_schema.tables where table_schema = 'weft'"
    )
    return "".join(str(house.rows(f"select * from weft.{table['table_name']}")) for table in tables)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_secret_is_in_no_table_log_file_or_error(
    tmp_path: Path,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    address = receiver.url.replace("in-the-query", "{{ env_var('CRM_TOKEN') }}")
    settings = webhook(address, headers={"Authorization": "Bearer {{ env_var('CRM_TOKEN') }}"})
    echo = json.dumps({"you_sent": f"Bearer {SECRET}"}).encode()
    receiver.replies = [
        Reply(status=status, answer=lambda rows: echo, headers={"X-Request-Id": SECRET})
    ] * 5
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA])
        report = house.push()
        stored = everything_stored(house)
    assert receiver.requests[0][0]["authorization"] == f"Bearer {SECRET}"
    said = [str(report), stored, caplog.text, *capfd.readouterr()]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    said += [path.read_bytes().decode(errors="replace") for path in files]
    assert not [text for text in said if SECRET in text]
    assert ("***" in stored) or status == 200


def how_it_is_refused(house: House) -> str:
    """The whole traceback, as --debug shows it."""
    try:
        house.push()
    except ConfigurationError as error:
        return "".join(traceback.format_exception(error))
    return "it was not refused"


@pytest.mark.parametrize("value", [f"{SECRET}\n", f"{SECRET}é"])
def test_a_header_that_cannot_be_sent_is_not_shown(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CRM_TOKEN", value)
    settings = webhook(receiver.url, headers={"X-Key": "{{ env_var('CRM_TOKEN') }}"})
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA])
        shown = how_it_is_refused(house)
        assert "X-Key holds a line break" in shown
        assert SECRET not in shown
        assert SECRET not in everything_stored(house)


def test_an_address_that_is_none_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", f"htps:/{SECRET}")
    with House(tmp_path, destination=webhook("{{ env_var('CRM_URL') }}")) as house:
        house.fill([ADA])
        shown = how_it_is_refused(house)
        assert "must be an address" in shown
        assert SECRET not in shown
