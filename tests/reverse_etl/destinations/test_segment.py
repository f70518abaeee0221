"""What no golden file of Segment shows: bytes of a call, addresses, accounts."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Batch, Row
from reverse_etl.destinations.segment import Segment

PEOPLE = Purpose("s", "upsert", ("user_id",), "user_id", fields=("note",))


def segment(**settings: Any) -> Segment:
    return Segment.model_validate({"type": "segment", "write_key": "k", **settings})


def row(note: str, key: str = "u1") -> Row:
    payload = json.dumps({"note": note}, ensure_ascii=False)
    return Row(1, key, json.dumps(key), "add", payload, "hash", 0, "0" * 64)


def test_a_call_of_more_than_32_kilobytes_is_not_sent() -> None:
    fits = "🙂" * 8_100
    batch = Batch(PEOPLE, [row(fits), row(fits + "🙂" * 100), row("", key="")])
    assert segment().refusals(batch) == {
        1: "it has more than the 32,768 bytes of a call",
        2: "its key is empty",
    }
    [call] = json.loads(segment().request(Batch(PEOPLE, [row(fits)])).body)["batch"]
    assert call["traits"]["note"] == fits


def test_a_region_has_its_addresses() -> None:
    eu = segment(region="eu", public_api_token="t")
    assert eu.request(Batch(PEOPLE, [row("")])).url == "https://events.eu1.segmentapis.com/v1/batch"
    probe = eu.probe({})
    assert probe is not None
    assert probe.url == "https://eu1.api.segmentapis.com/"
    with pytest.raises(ValidationError):
        segment(region="mars")


def test_another_write_key_is_another_account() -> None:
    assert segment().account() != segment(write_key="l").account()


def test_without_a_token_nobody_can_be_forgotten() -> None:
    assert not segment().can_erase
    assert segment(public_api_token="t").can_erase


def test_two_calls_a_row_make_half_as_many_rows() -> None:
    assert (segment().most_rows, segment(audience_events=True).most_rows) == (2500, 1250)
