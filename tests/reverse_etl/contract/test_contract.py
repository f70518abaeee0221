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
    "active_campaign": [
        {"account_name": "acme", "api_token": SECRET, "event_account": "1", "event_key": SECRET}
    ],
    "airtable": [
        {"token": SECRET, "base": "app1", "table": "People"},
        {"token": SECRET, "base": "app1", "table": "Käufe / 2026", "typecast": False},
    ],
    "amplitude": [
        {"api_key": SECRET, "region": "eu", "secret_key": SECRET, "app_id": 1, "owner": "a"},
        {
            "api_key": SECRET,
            "region": "us",
            "secret_key": SECRET,
            "app_id": 1,
            "owner": "a",
            "min_id_length": 1,
        },
    ],
    "attio": [{"access_token": SECRET}],
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
    "ga4": [
        {"measurement_id": "G-ABC123", "api_secret": SECRET},
        {
            "measurement_id": "G-ABC123",
            "api_secret": SECRET,
            "region": "eu",
            "validate_first": True,
        },
    ],
    "google_customer_match": [
        {
            "client_id": "c",
            "client_secret": SECRET,
            "refresh_token": SECRET,
            "account_id": "1",
            "customer_match_terms": "accepted",
            "ad_user_data": "granted",
            "ad_personalization": "denied",
        }
    ],
    "google_sheets": [
        {"service_account": SECRET, "spreadsheet_id": "s1", "sheet": "People"},
        {
            "client_id": "c",
            "client_secret": SECRET,
            "refresh_token": SECRET,
            "spreadsheet_id": "s1",
            "sheet": "It's",
        },
    ],
    "hubspot": [{"access_token": SECRET, "portal": "17"}],
    "intercom": [{"access_token": SECRET}, {"access_token": SECRET, "region": "eu"}],
    "iterable": [
        {"api_key": SECRET, "region": "us"},
        {"api_key": SECRET, "region": "eu", "create_new_fields": False},
    ],
    "kafka": [
        {"bootstrap_servers": "a.example.com:9093", "topic": "t", "compacted": True},
        {
            "bootstrap_servers": "a.example.com:9093",
            "topic": "t",
            "security": "sasl_ssl",
            "username": "producer-7",
            "password": SECRET,
            "options": {"ssl.key.password": SECRET},
        },
    ],
    "klaviyo": [{"api_key": SECRET}, {"api_key": SECRET, "revision": "2026-04-15"}],
    "linkedin": [
        {"ad_account_id": "1", "source_platform": "P", "access_token": SECRET},
        {
            "ad_account_id": "1",
            "source_platform": "P",
            "client_id": "c",
            "client_secret": SECRET,
            "refresh_token": SECRET,
        },
    ],
    "mailchimp": [{"api_key": f"{SECRET}-us21", "audience": "9e67587f52"}],
    "meta": [{"access_token": SECRET, "ad_account_id": "4711"}],
    "mixpanel": [
        {"project_id": "1", "project_token": SECRET, "region": "us"},
        {
            "project_id": "1",
            "project_token": SECRET,
            "region": "eu",
            "service_account": "weft",
            "service_account_secret": SECRET,
            "gdpr_token": SECRET,
        },
    ],
    "mysql": [
        {"connection": f"mysql://u:{SECRET}@db.example.com/x", "table": "c", "key": ["a", "b"]}
    ],
    "notion": [{"token": SECRET, "data_source_id": "d9824bdc-8445-4327-be8b-5b47500af6ce"}],
    "onesignal": [
        {"app_id": "5f0c-1", "api_key": SECRET},
        {"app_id": "5f0c-1", "api_key": SECRET, "make_subscriptions": True},
    ],
    "pipedrive": [{"company_domain": "acme", "api_token": SECRET}],
    "postgres": [
        {"connection": f"postgresql://u:{SECRET}@db.example.com/x", "table": "c", "key": "email"}
    ],
    "posthog": [
        {"project_api_key": SECRET},
        {
            "project_api_key": SECRET,
            "region": "eu",
            "project_id": "1",
            "personal_api_key": SECRET,
            "historical_migration": True,
        },
    ],
    "redis": [
        {"connection": f"rediss://u:{SECRET}@cache.example.com/1"},
        {"connection": f"redis://u:{SECRET}@cache.example.com?db=2", "prefix": "p:"},
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
    "sftp": [
        {
            "host": "sftp.example.com",
            "username": "weft",
            "password": SECRET,
            "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPZJ6cFvBtZd6JfFdQm0kyD8dIRZP0zRKTm",
        }
    ],
    "slack": [
        {"webhook_url": f"https://hooks.slack.com/services/T0/B0/{SECRET}"},
        {
            "webhook_url": f"https://hooks.slack.com/services/T0/B0/{SECRET}",
            "line": "{{ key }} pays {{ fields.amount }}",
            "rows_per_request": 1,
        },
    ],
    "snapchat": [
        {
            "client_id": "c",
            "client_secret": SECRET,
            "refresh_token": SECRET,
            "ad_account_id": "8adc3db7",
        }
    ],
    "stripe": [{"api_key": SECRET, "delete": True, "version": "2026-10-01"}],
    "tiktok": [{"access_token": SECRET, "advertiser_id": "4711"}],
    "twilio": [
        {"account_sid": "AC1", "secret": SECRET, "sender": "+4915112345678", "text": "Hello"},
        {
            "account_sid": "AC1",
            "api_key": "SK1",
            "secret": SECRET,
            "sender": "MG1",
            "content_sid": "HX1",
        },
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
TELLING = {"slack"}
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
        check_http(settings, tells_only=settings["type"] in TELLING)


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
