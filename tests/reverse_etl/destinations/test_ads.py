"""What no golden file of the advertising networks and product analytics shows."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from reverse_etl.destinations import destination_type
from reverse_etl.destinations.ga4_rules import broken_rule
from reverse_etl.destinations.kit.ad_base import AdDestination
from reverse_etl.destinations.kit.api_base import ApiDestination
from reverse_etl.destinations.kit.events import Event
from reverse_etl.destinations.kit.hashing import sha256
from reverse_etl.destinations.kit.messages import HttpResponse
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Batch, Row

SETTINGS: dict[str, dict[str, Any]] = {
    "meta": {"access_token": "t", "ad_account_id": "1"},
    "google_customer_match": {
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "account_id": "1",
        "customer_match_terms": "accepted",
    },
    "tiktok": {"access_token": "t", "advertiser_id": "1"},
    "linkedin": {"ad_account_id": "1", "source_platform": "P", "access_token": "t"},
    "snapchat": {
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "ad_account_id": "1",
    },
    "amplitude": {"api_key": "k", "region": "us"},
    "mixpanel": {"project_id": "1", "project_token": "t", "region": "us"},
    "ga4": {"measurement_id": "G-1", "api_secret": "s"},
    "posthog": {"project_api_key": "k"},
}
ADS = ["meta", "google_customer_match", "tiktok", "linkedin", "snapchat"]


def build(kind: str, **settings: Any) -> ApiDestination:
    found = destination_type(kind).model_validate({"type": kind, **SETTINGS[kind], **settings})
    assert isinstance(found, ApiDestination)
    return found


def members(key: str, *fields: str, list_id: str | None = None) -> Purpose:
    return Purpose("s", "audience", (key,), key, fields=fields, list_id=list_id, model="m")


def row(key: str, operation: Any = "add", **fields: Any) -> Row:
    payload = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return Row(1, key, json.dumps(key), operation, payload, "hash", 0, "0" * 64)


@pytest.mark.parametrize("kind", ADS)
def test_a_network_takes_audiences_and_nothing_else(kind: str) -> None:
    destination = build(kind)
    with pytest.raises(ValueError, match="it has no mode 'upsert'"):
        destination.check(Purpose("s", "upsert", ("email",), "email"))
    with pytest.raises(ValueError, match="no field 'ltv'|carry no fields"):
        destination.check(members("email", "ltv"))
    with pytest.raises(ValueError, match="say"):
        destination.check(members("user_id"))


@pytest.mark.parametrize("kind", ["meta", "google_customer_match", "linkedin"])
def test_what_lies_beside_identifies_nobody(kind: str) -> None:
    with pytest.raises(ValueError, match="must say who it is"):
        build(kind).check(members("user_id", "country"))
    refused = build(kind).refusals(Batch(members("email", "country"), [row("", country="DE")]))
    assert refused == {0: "nothing in it says who it is"}


@pytest.mark.parametrize("kind", ADS)
def test_only_google_and_no_other_takes_several_values(kind: str) -> None:
    destination = build(kind)
    assert isinstance(destination, AdDestination)
    if kind == "snapchat":
        return
    consents = {"ad_user_data": "granted", "ad_personalization": "denied"}
    settings = consents if kind == "google_customer_match" else {}
    batch = Batch(members("user_id", "email"), [row("u1", email=["a@x.com", "b@x.com"])])
    refused = build(kind, **settings).refusals(batch)
    assert bool(refused) is (kind != "google_customer_match")


@pytest.mark.parametrize("operation", ["add", "remove"])
def test_a_person_with_a_bad_value_is_not_added_but_can_be_taken_off(operation: str) -> None:
    batch = Batch(members("email", "phone"), [row("a@x.com", operation, phone="0123")])
    assert bool(build("meta").refusals(batch)) is (operation == "add")


def test_who_is_taken_off_is_found_by_what_was_sent_even_if_it_is_mapped_no_more() -> None:
    batch = Batch(members("user_id", "email"), [row("u1", "remove", phone="+12125550123")], "17")
    payload = json.loads(build("meta").request(batch).body)["payload"]
    assert payload == {"schema": ["EMAIL", "PHONE"], "data": [["", sha256("12125550123")]]}


def test_consent_is_never_left_open() -> None:
    google = build("google_customer_match", ad_user_data="granted")
    with pytest.raises(ValueError, match="consent is missing: map the field 'ad_personalization'"):
        google.check(members("email"))
    google.check(members("email", "ad_personalization"))
    with pytest.raises(ValidationError):
        build("google_customer_match", ad_user_data="unspecified")
    batch = Batch(
        members("email", "ad_personalization"),
        [row("a@x.com", ad_personalization=said) for said in (True, "DENIED", None, "maybe")],
    )
    assert set(google.refusals(batch)) == {2, 3}


def test_meta_says_after_how_many_minutes_it_has_calls_again() -> None:
    usage = {"1": [{"estimated_time_to_regain_access": 2}, {}], "2": [{}]}
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    assert build("meta").pause(HttpResponse(400, headers, b"")) == 120
    for broken in ("", "[]", '{"1": 3}', '{"1": [{"estimated_time_to_regain_access": "x"}]}'):
        headers = {"x-business-use-case-usage": broken}
        assert build("meta").pause(HttpResponse(400, headers, b"")) is None


@pytest.mark.parametrize(
    ("body", "refuses", "ends"),
    [
        ({"error": {"code": 190}}, True, True),
        ({"error": {"code": 294}}, True, True),
        ({"error": {"code": 100, "error_subcode": 1487366}}, False, True),
        ({"error": {"code": 80003}}, False, False),
        ({"error": {"code": 100}}, False, False),
        ({"error": {"code": [190]}}, False, False),
        ({"error": "x"}, False, False),
    ],
)
def test_the_code_of_an_error_of_meta_says_what_it_is_about(
    body: Any, refuses: bool, ends: bool
) -> None:
    response = HttpResponse(400, {}, json.dumps(body).encode())
    assert build("meta").refuses_credentials(response) is refuses
    assert build("meta").is_fatal(response) is ends
    assert not build("meta").is_fatal(HttpResponse(200, {}, response.body))


def test_a_limit_that_meta_answers_with_403_is_no_end() -> None:
    limited = HttpResponse(403, {}, b'{"error": {"code": 4, "message": "limit"}}')
    assert not build("meta").is_fatal(limited)
    assert build("meta").is_fatal(HttpResponse(403, {}, b""))


def test_linkedin_wants_credentials_and_warns_of_its_version() -> None:
    with pytest.raises(ValidationError, match="credentials are missing"):
        build("linkedin", access_token=None, client_id="c")
    assert build("linkedin").version_ends is not None
    assert build("linkedin", api_version="202612").version_ends is None


def test_cohorts_are_changed_one_after_another() -> None:
    amplitude = build("amplitude", secret_key="s", owner="o", app_id=1)
    assert amplitude.for_purpose(members("user_id")).most_requests == 1
    assert amplitude.for_purpose(Purpose("s", "upsert", ("u",), "user_id")).most_requests == 4
    with pytest.raises(ValueError, match="list_id, or app_id and owner"):
        build("amplitude", secret_key="s").check(members("user_id"))
    with pytest.raises(ValueError, match="secret_key"):
        build("amplitude").check(members("user_id", list_id="c"))
    assert not build("amplitude").can_erase


def test_two_keys_are_two_accounts_of_amplitude() -> None:
    assert build("amplitude").account() != build("amplitude", api_key="l").account()


@pytest.mark.parametrize(
    ("name", "parameters", "why"),
    [
        ("login", {}, None),
        ("login", {"items": '[{"item_id":"a"}]', "gone": "null"}, None),
        ("9lives", {}, "other characters"),
        ("a" * 41, {}, "more than 40 characters"),
        ("google_x", {}, "begins as reserved ones do"),
        ("first_open", {}, "is reserved"),
        ("login", {f"p{number}": "1" for number in range(26)}, "more than 25 parameters"),
        ("login", {"ga_x": "1"}, "begins as reserved ones do"),
        ("login", {"a": '{"b":1}'}, "a list or an object"),
        ("login", {"a": json.dumps("x" * 101)}, "more than 100 characters"),
    ],
)
def test_rules_of_google_analytics(name: str, parameters: dict[str, str], why: str | None) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    found = broken_rule(Event(json.dumps(name), '""', at, {"client_id": '"1"'}, parameters))
    assert (found is None) if why is None else (found is not None and why in found)


def test_an_event_is_sent_with_the_ids_that_the_vendor_wants() -> None:
    purpose = Purpose("s", "append", ("id",), "id", fields=("event", "time", "user_id"))
    event = row("e1", event="x", time="2026-01-02T03:04:05Z", user_id=17)
    [sent] = json.loads(build("mixpanel").request(Batch(purpose, [event])).body)
    assert sent["properties"]["distinct_id"] == "17"
    assert len(sent["properties"]["$insert_id"]) == 36
    url = build("mixpanel").request(Batch(purpose, [event])).url
    assert url == "https://api.mixpanel.com/import?strict=1"
