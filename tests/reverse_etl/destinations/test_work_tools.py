"""What no golden file of the work tools shows."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError

from reverse_etl.destinations.airtable import Airtable
from reverse_etl.destinations.google_sheets import GoogleSheets
from reverse_etl.destinations.kit.messages import HttpResponse
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.sheet import column_name
from reverse_etl.destinations.slack import Slack
from reverse_etl.destinations.stripe import Stripe
from warehouse.errors import ConfigurationError

HOOK = "https://hooks.slack.com/services/T0/B0/x"


def test_airtable_is_left_alone_for_30_seconds_after_429() -> None:
    settings = {"type": "airtable", "token": "t", "base": "app1", "table": "People"}
    airtable = Airtable.model_validate(settings)
    assert airtable.pause(HttpResponse(429, {}, b"")) == 30
    assert airtable.pause(HttpResponse(503, {}, b"")) is None


@pytest.mark.parametrize("wrong", [{"webhook_url": "hooks"}, {"line": "{{ fieldz.x }}"}])
def test_slack_refuses_settings_that_cannot_work(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Slack.model_validate({"type": "slack", "webhook_url": HOOK, **wrong})


def test_another_webhook_of_slack_is_another_account() -> None:
    accounts = {
        Slack.model_validate({"type": "slack", "webhook_url": address}).account()
        for address in (HOOK, HOOK + "y")
    }
    assert len(accounts) == 2


def test_stripe_deletes_nobody_unless_told() -> None:
    mirror = Purpose("s", "mirror", ("email",), "email")
    careful, told = (
        Stripe.model_validate({"type": "stripe", "api_key": "k", "delete": delete})
        for delete in (False, True)
    )
    with pytest.raises(ValueError, match="cancels their subscriptions"):
        careful.check(mirror)
    told.check(mirror)
    assert (careful.can_erase, told.can_erase) == (False, True)


@pytest.mark.parametrize("name", ["a[b]", "n" * 41])
def test_stripe_refuses_names_that_metadata_cannot_have(name: str) -> None:
    stripe = Stripe.model_validate({"type": "stripe", "api_key": "k"})
    with pytest.raises(ValueError, match="no name for metadata"):
        stripe.check(Purpose("s", "upsert", ("email",), "email", fields=(name,)))


def test_a_service_account_signs_its_claim() -> None:
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    key = json.dumps({"client_email": "weft@x.iam", "private_key": pem})
    sheets = GoogleSheets.model_validate(
        {"type": "google_sheets", "service_account": key, "spreadsheet_id": "s", "sheet": "P"}
    )
    request = next(sheets.authorize())
    assert request.url == "https://oauth2.googleapis.com/token"
    form = dict(parse_qsl(request.body.decode()))
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    signed, _, signature = form["assertion"].rpartition(".")
    private.public_key().verify(
        decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    head, claim = (json.loads(decoded(part)) for part in signed.split("."))
    assert head["alg"] == "RS256"
    assert (claim["iss"], claim["aud"]) == ("weft@x.iam", request.url)
    assert claim["scope"].endswith("/auth/spreadsheets")
    assert claim["exp"] - claim["iat"] == 3600


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@pytest.mark.parametrize("key", ["no json", "{}", '{"client_email": "a", "private_key": "no pem"}'])
def test_what_is_no_key_of_a_service_account_is_told(key: str) -> None:
    settings = {"type": "google_sheets", "spreadsheet_id": "s", "sheet": "P"}
    sheets = GoogleSheets.model_validate({**settings, "service_account": key})
    with pytest.raises(ConfigurationError, match="service_account"):
        next(sheets.authorize())
    with pytest.raises(ValidationError, match="either service_account"):
        GoogleSheets.model_validate({**settings, "client_id": "c"})


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_columns_of_a_sheet_have_names(place: int, name: str) -> None:
    assert column_name(place) == name
