"""Notifications: when one goes out, and what it says."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from reverse_etl.notify import find_build_notices, find_notices, notify, read_notifications
from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.errors import BlockedError, ConfigurationError
from warehouse.project import find_project
from warehouse.runs import record_run

PEOPLE = [(f"p{n}@example.com", f"Name {n}", n) for n in range(60)]
SECRET = "T0/B0/secret-path"


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Every message that arrives, with its path."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append({"path": self.path, **json.loads(body)})
            self.send_response(500 if "broken" in self.path else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HOOK_PATH", SECRET)
    yield seen
    server.shutdown()
    thread.join()
    server.server_close()


def configure(house: House, **entries: dict[str, Any]) -> None:
    path = house.folder / "weft.yml"
    values = {"destinations": house.destinations, "notifications": entries}
    path.write_text(yaml.safe_dump(values), encoding="utf-8")


def run(house: House, run_id: str) -> list[str]:
    """Push and notify; the occasions."""
    try:
        report = asdict(house.push(run_id=run_id))
    except BlockedError as error:
        report = {"sync": "customers_to_crm", "state": "blocked", "error": str(error)}
    notices = find_notices(house.warehouse, run_id, "prod", [report])
    assert notify(find_project(house.folder, target="prod"), notices) == []
    return [notice.occasion for notice in notices]


WEBHOOK = {"type": "webhook", "url": "{{ env_var('HOOK') }}/{{ env_var('HOOK_PATH') }}"}


def test_one_message_per_change_and_none_of_a_customer(
    house: House, receiver: Receiver, messages: list[dict[str, Any]]
) -> None:
    configure(house, team={**WEBHOOK, "type": "slack"}, log=WEBHOOK)
    house.fill(PEOPLE)
    assert run(house, "1") == []
    house.fill([("eve@example.com", "Eve", 1), *PEOPLE])
    receiver.replies = [Reply(status=401)]
    assert run(house, "2") == ["failure"]
    receiver.replies = [Reply(status=401)]
    assert run(house, "3") == []
    assert run(house, "4") == ["recovery"]
    house.fill(PEOPLE[:10])
    assert run(house, "5") == ["guard"]
    assert run(house, "6") == []
    house.fill([("eve@example.com", "Eve", 1), *PEOPLE])
    assert run(house, "7") == ["recovery"]
    slack = [message["text"] for message in messages if "text" in message]
    assert len(slack) == 4
    assert "refuses the credentials (401)" in slack[0]
    assert "works again" in slack[1]
    assert "--approve" in slack[2]
    logged = [message for message in messages if "text" not in message]
    assert [message["occasion"] for message in logged] == [
        "failure",
        "recovery",
        "guard",
        "recovery",
    ]
    assert logged[0]["sync"] == "customers_to_crm"
    assert not [one for one in messages if "eve@" in str(one) or "p1@" in str(one)]


def test_occasions_syncs_and_targets_are_chosen(
    house: House, receiver: Receiver, messages: list[dict[str, Any]]
) -> None:
    configure(
        house,
        recoveries={**WEBHOOK, "on": ["recovery"]},
        others={**WEBHOOK, "syncs": ["another"]},
        elsewhere={**WEBHOOK, "targets": ["dev"]},
    )
    house.fill(PEOPLE)
    receiver.replies = [Reply(status=401)]
    assert run(house, "1") == ["failure"]
    assert messages == []
    run(house, "2")
    assert len(messages) == 1


@pytest.mark.parametrize("address", ["{{ env_var('HOOK') }}/broken", "{{ env_var('GONE') }}"])
def test_a_message_that_is_not_delivered_is_told_and_fails_nothing(
    house: House, receiver: Receiver, messages: list[dict[str, Any]], address: str
) -> None:
    configure(house, team={"type": "slack", "url": address})
    house.fill(PEOPLE)
    receiver.replies = [Reply(status=401)]
    report = asdict(house.push(run_id="1"))
    notices = find_notices(house.warehouse, "1", "prod", [report])
    [fault] = notify(find_project(house.folder, target="prod"), notices)
    assert "'team'" in fault
    assert "127.0.0.1" not in fault


def test_a_failed_build_is_told_once(house: House) -> None:
    def run_build(run_id: str, failed: list[str]) -> list[str]:
        with record_run(
            house.warehouse, command="run", target="prod", as_of=date(2026, 1, 31), run_id=run_id
        ) as run:
            notices = find_build_notices(house.warehouse, run_id, "prod", failed)
            run.figures["build"] = {"failures": failed}
        return [f"{notice.occasion} {notice.message}" for notice in notices]

    assert run_build("1", []) == []
    [told] = run_build("2", ["orders", "unique_orders"])
    assert told.startswith("failure The build failed")
    assert "orders, unique_orders" in told
    assert run_build("3", ["orders"]) == []
    assert run_build("4", []) == ["recovery The build works again."]
    assert run_build("5", []) == []


def test_a_mistake_in_weft_yml_names_its_line(tmp_path: Path) -> None:
    house = House(tmp_path, destination=webhook("https://example.com"))
    configure(house, team={"type": "slack", "url": "https://example.com", "an": ["failure"]})
    with pytest.raises(ConfigurationError, match=r"no setting 'an' in .*weft.yml:\d+"):
        read_notifications(find_project(tmp_path, target="prod"))
