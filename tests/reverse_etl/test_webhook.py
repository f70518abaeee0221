"""The webhook: templates, signatures, and addresses it must not reach."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.destinations.kit.templates import compile_template
from reverse_etl.transports.network import is_public
from tests.reverse_etl.contract.suite import make_rows
from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver
from warehouse.errors import ConfigurationError

ADA = ("ada@example.com", "Ada", 10)


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("{{ key }}", '"O\'Brien 8"'),
        ("{{fields.amount}}", "12345678901234567890.123456789"),
        ("{{ fields.nested }}", '{"a":[1,null]}'),
        ("{{ fields.nothing }}", "null"),
        ("{{ fields.unknown }}", "null"),
        ("{{ operation }}", '"add"'),
        ("{{ sync }}", '"a sync"'),
        ("{{ operation }} of {{ key }}", '"add of O\'Brien 8"'),
        ("{{ fields.amount }} EUR", '"12345678901234567890.123456789 EUR"'),
        ("{{ fields.nothing }}!", '"!"'),
        ("no place", '"no place"'),
        (3, "3"),
        (None, "null"),
        ({"to": ["{{ key }}", True]}, '{"to":["O\'Brien 8",true]}'),
    ],
)
def test_a_template_keeps_every_digit(template: Any, rendered: str) -> None:
    assert compile_template(template)(make_rows(8)[-1], "a sync") == rendered


def test_another_shape_of_body(tmp_path: Path, receiver: Receiver) -> None:
    settings = webhook(
        receiver.url,
        row={"key": "{{ key }}", "contact": {"ltv": "{{ fields.total }}"}, "via": "weft"},
        body={"source": "{{ sync }}", "rows": "{{ rows }}", "version": 2},
    )
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA])
        receiver.judge = lambda row: 500
        house.push()
    assert json.loads(receiver.requests[0][1]) == {
        "source": "customers_to_crm",
        "rows": [{"key": "ada@example.com", "contact": {"ltv": 10}, "via": "weft"}],
        "version": 2,
    }


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"row": {"a": "{{ emial }}"}}, "there is no place"),
        ({"body": {"rows": []}}, "must hold"),
        ({"body": ["{{ rows }}", "{{ rows }}"]}, "must hold"),
    ],
)
def test_a_template_that_cannot_work_is_refused_before_anything_is_sent(
    tmp_path: Path, receiver: Receiver, settings: dict[str, Any], said: str
) -> None:
    with House(tmp_path, destination=webhook(receiver.url, **settings)) as house:
        house.fill([ADA])
        with pytest.raises(ConfigurationError, match=said):
            house.plan()


def test_a_signed_request_can_be_checked_by_its_receiver(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "shared")
    settings = webhook(receiver.url, signing_secret="{{ env_var('HOOK_SECRET') }}")
    with House(tmp_path, destination=settings) as house:
        house.fill([ADA])
        house.push()
    [(headers, body)] = receiver.requests
    expected = hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    assert headers["x-weft-signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_private_address_is_not_reached_unless_allowed(
    tmp_path: Path, receiver: Receiver, host: str
) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    with House(tmp_path, destination=webhook(url, allow_private_addresses=False)) as house:
        house.fill([ADA])
        report = house.push()
        assert receiver.requests == []
        assert (report.exit_code, report.waiting) == (1, 1)
        assert "is not a public one" in str(report.error)
        assert house.acknowledged() == {}
