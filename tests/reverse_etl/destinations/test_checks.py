"""What a destination refuses before anything is sent, as it would be spoiled or subscribe."""

from typing import Any

import pytest
from pydantic import ValidationError

from reverse_etl.destinations import destination_type
from reverse_etl.destinations.kit.base import Destination
from reverse_etl.destinations.kit.purpose import Purpose

SETTINGS: dict[str, dict[str, Any]] = {
    "braze": {"api_key": "k", "region": "iad-01"},
    "customer_io": {"site_id": "s", "api_key": "k", "region": "us"},
    "klaviyo": {"api_key": "k"},
    "iterable": {"api_key": "k", "region": "us"},
    "onesignal": {"app_id": "a", "api_key": "k"},
}


def opened(kind: str, **settings: Any) -> Destination:
    return destination_type(kind).model_validate({"type": kind, **SETTINGS[kind], **settings})


def purpose(mode: Any, identifier: str, *fields: str, **others: Any) -> Purpose:
    return Purpose("s", mode, ("key",), identifier, fields=fields, model="m", **others)


@pytest.mark.parametrize(
    ("kind", "sent", "why"),
    [
        ("braze", purpose("upsert", "phone", "email"), "'email' would say whom a row is about"),
        ("braze", purpose("upsert", "email", "external_id"), "'external_id' would say"),
        ("braze", purpose("upsert", "user_alias"), "alias_label"),
        ("braze", purpose("mirror", "user_id"), "no mode 'mirror'"),
        ("customer_io", purpose("audience", "user_id"), "app_api_key"),
        ("customer_io", purpose("audience", "phone", list_id="4"), "id, email or cio_id"),
        ("customer_io", purpose("audience", "email", list_id="four"), "number of a segment"),
        ("customer_io", purpose("upsert", "company", object="companies"), "number that"),
        ("customer_io", purpose("update", "company", object="1"), "mirror, upsert"),
        ("klaviyo", purpose("upsert", "user_id", "external_id"), "is the key already"),
        ("klaviyo", purpose("update", "email"), "no mode 'update'"),
        ("iterable", purpose("audience", "email", list_id="x"), "number of a list"),
        ("iterable", purpose("upsert", "phone"), "identifier"),
        ("onesignal", purpose("upsert", "user_id", "email"), "subscribes the person"),
        ("onesignal", purpose("audience", "user_id", list_id="x"), "list_id"),
        ("onesignal", purpose("upsert", "onesignal_id"), "by external_id"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, sent: Purpose, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        opened(kind).check(sent)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("braze", purpose("upsert", "user_id", "email", "phone")),
        ("customer_io", purpose("upsert", "company", object="1")),
        ("klaviyo", purpose("audience", "email", "first_name")),
        ("iterable", purpose("mirror", "user_id", "email")),
        ("onesignal", purpose("update", "onesignal_id", "plan")),
    ],
)
def test_what_fits_is_taken(kind: str, sent: Purpose) -> None:
    opened(kind).check(sent)


@pytest.mark.parametrize("kind", ["braze", "customer_io", "iterable"])
def test_a_region_that_is_unknown_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="region"):
        opened(kind, region="moon-01")


@pytest.mark.parametrize(
    ("kind", "settings", "address"),
    [
        ("braze", {"region": "fra-02"}, "https://rest.fra-02.braze.eu"),
        ("braze", {"region": "us-10"}, "https://rest.us-10.braze.com"),
        ("customer_io", {"region": "eu"}, "https://track-eu.customer.io"),
        ("iterable", {"region": "eu"}, "https://api.eu.iterable.com"),
    ],
)
def test_a_region_has_its_address(kind: str, settings: dict[str, Any], address: str) -> None:
    found: Any = opened(kind, **settings)
    assert found.address() == address
