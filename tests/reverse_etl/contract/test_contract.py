"""Every destination keeps the contract; so does the one in the docs, word for word."""

import re
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.destinations import TYPES, destination_type
from reverse_etl.destinations.kit.http_base import HttpDestination
from tests.reverse_etl.contract.suite import check_description, check_http
from tests.reverse_etl.house import House
from tests.reverse_etl.receiver import Receiver, Reply

ROOT = Path(__file__).parents[3]
SECRET = "sk-live-4f9a1c"
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "attio": [{"access_token": SECRET}],
    "active_campaign": [
        {"account_name": "acme", "api_token": SECRET, "event_account": "1", "event_key": SECRET}
    ],
    "braze": [
        {"api_key": SECRET, "region": "iad-01"},
        {"api_key": SECRET, "region": "fra-02", "app_id": "app", "rows_per_request": 1},
    ],
    "customer_io": [
        {"site_id": "a", "api_key": SECRET, "app_api_key": SECRET, "region": "us"},
        {
            "site_id": "a",
            "api_key": SECRET,
            "app_api_key": SECRET,
            "region": "eu",
            "suppress": False,
        },
    ],
    "files": [
        {"folder": "out", "format": format, "contents": contents}
        for format in ("csv", "jsonl", "parquet")
        for contents in ("changes", "snapshot")
    ],
    "hubspot": [{"access_token": SECRET, "portal": "17"}],
    "iterable": [
        {"api_key": SECRET, "region": "us"},
        {"api_key": SECRET, "region": "eu", "create_new_fields": False},
    ],
    "klaviyo": [{"api_key": SECRET}, {"api_key": SECRET, "revision": "2026-04-15"}],
    "mailchimp": [{"api_key": f"{SECRET}-us21", "audience": "9e67587f52"}],
    "onesignal": [
        {"app_id": "5f0c-1", "api_key": SECRET},
        {"app_id": "5f0c-1", "api_key": SECRET, "make_subscriptions": True},
    ],
    "intercom": [{"access_token": SECRET}, {"access_token": SECRET, "region": "eu"}],
    "pipedrive": [{"company_domain": "acme", "api_token": SECRET}],
    "postgres": [
        {"connection": f"postgresql://u:{SECRET}@db.example.com/x", "table": "c", "key": "email"}
    ],
    "rudderstack": [
        {"write_key": SECRET, "data_plane_url": "https://dp.example.com"},
        {
            "write_key": SECRET,
            "data_plane_url": "https://dp.example.com/",
            "access_token": SECRET,
            "delete_from": ["d1"],
        },
    ],
    "salesforce": [
        {"my_domain": "acme", "client_id": "3MVG9", "client_secret": SECRET},
        {
            "my_domain": "acme--test.sandbox",
            "client_id": "3MVG9",
            "client_secret": SECRET,
            "refresh_token": SECRET,
        },
    ],
    "segment": [
        {"write_key": SECRET, "region": "eu", "audience_events": True},
        {"write_key": SECRET, "public_api_token": SECRET, "regulation": "DELETE_ONLY"},
    ],
    "sendgrid": [
        {"api_key": SECRET, "account_name": region, "region": region} for region in ("global", "eu")
    ],
    "webhook": [
        {"url": f"https://example.com/{SECRET}?k={SECRET}", "headers": {"X-Key": SECRET}},
        {"url": "https://example.com/hook", "row_results": True, "signing_secret": SECRET},
        {"url": "https://example.com/hook", "row": {"email": "{{ key }}", "all": "{{ fields }}"}},
        {"url": "https://example.com/hook", "body": {"batch": "{{ rows }}"}},
        {"url": "https://example.com/hook", "rows_per_request": 1, "bytes_per_request": 4000},
    ],
    "zendesk": [
        {"subdomain": "acme", "email": "a@example.com", "api_token": SECRET},
        {"subdomain": "acme", "access_token": SECRET, "bulk_import": False},
    ],
}
CASES = [
    pytest.param({"type": kind, **settings}, id=f"{kind}-{number}")
    for kind, cases in SETTINGS.items()
    for number, settings in enumerate(cases)
]


def test_every_type_is_held_to_the_contract() -> None:
    assert set(SETTINGS) == set(TYPES)


@pytest.mark.parametrize("settings", CASES)
def test_the_description(settings: dict[str, Any]) -> None:
    check_description(settings)


@pytest.mark.parametrize("settings", CASES)
def test_requests_and_outcomes(settings: dict[str, Any]) -> None:
    if issubclass(destination_type(settings["type"]), HttpDestination):
        check_http(settings)


@pytest.mark.usefixtures("third_party")
@pytest.mark.parametrize("kind", ["acme_bulk", "acme_tracker"])
def test_a_type_of_another_package(kind: str) -> None:
    check_description({"type": kind, "base_url": "https://example.com"})


@pytest.fixture
def from_the_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of the docs: its module and its entry point, as they stand there."""
    text = (ROOT / "docs" / "destinations-own.md").read_text("utf-8")
    [module] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [toml] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    name, value = re.findall(r'^(\w+) = "(.+)"$', toml, re.MULTILINE)[0]
    folder = tmp_path / "installed"
    info = folder / "acme_docs-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "acme_docs.py").write_text(module, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-docs\nVersion: 1.0\n")
    value = value.replace("acme_weft", "acme_docs")
    (info / "entry_points.txt").write_text(f"[weft.destinations]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.usefixtures("from_the_docs")
def test_the_destination_of_the_docs_keeps_the_contract() -> None:
    settings = {"type": "acme_crm", "token": SECRET}
    check_description(settings)
    check_http(settings)


@pytest.mark.usefixtures("from_the_docs")
def test_the_destination_of_the_docs_sends_rows(tmp_path: Path, receiver: Receiver) -> None:
    answers = [b'{"errors": [{"index": 1, "why": "no such plan"}]}']
    receiver.replies = [Reply(answer=lambda rows: answers[0])]
    settings = {"type": "acme_crm", "token": SECRET, "base_url": receiver.url.partition("/hook")[0]}
    with House(tmp_path, destination=settings) as house:
        house.fill([("ada@example.com", "Ada", 1), ("bob@example.com", "Bob", 2)])
        report = house.push()
        assert (report.succeeded.added, report.rejected) == (1, 1)
    [(headers, _)] = receiver.requests
    assert headers["authorization"] == f"Bearer {SECRET}"
