"""Keys that an object gives twice: nothing that was sent is gone."""

import json
from collections.abc import Sequence

import pytest

from tests.loaders.desk import Desk

ENVELOPE = '"messageId": "m1", "userId": "u1", "timestamp": "2026-03-01T10:00:00Z"'


def land(desk: Desk, *fields: str) -> list[tuple[str, str, str, str]]:
    """Land an event with some fields, written as they are, between two that are sound."""
    sound = '{"type": "track", "event": "Cart Viewed", "userId": "u1", "messageId": "%s"}'
    line = "{" + ", ".join((ENVELOPE, *fields)) + "}"
    path = desk.folder / "events" / "one.ndjson"
    path.write_text("\n".join((sound % "m0", line, sound % "m2")) + "\n", "utf-8")
    assert desk.load().total.landed == 3
    return desk.discards()


TRACK = '"type": "track", "event": "Order Completed"'
STORIES: list[tuple[str, Sequence[str], list[tuple[str, str, str]]]] = [
    ("a property", [TRACK, '"properties": {"n": 1, "n": 2}'], [("order_completed", "n", "2")]),
    (
        "three times",
        [TRACK, '"properties": {"n": 1, "n": "two", "n": 3}'],
        [("order_completed", "n", "3"), ("order_completed", "n", "two")],
    ),
    (
        "inside an object",
        [TRACK, '"properties": {"ship": {"city": "Ulm", "city": "Köln"}}'],
        [("order_completed", "ship_city", "Köln")],
    ),
    (
        "an object is told whole",
        [TRACK, '"properties": {"ship": {"city": "Ulm"}, "ship": {"city": "Bonn", "zip": 1}}'],
        [("order_completed", "ship", '{"city":"Bonn","zip":1}')],
    ),
    (
        "in the context",
        [TRACK, '"context": {"ip": "10.0.0.1", "ip": "10.0.0.2"}'],
        [("order_completed", "context_ip", "10.0.0.2")],
    ),
    (
        "a trait",
        ['"type": "identify"', '"traits": {"plan": "pro", "plan": "free"}'],
        [("identifies", "plan", "free")],
    ),
    ("a null says nothing", [TRACK, '"properties": {"n": 1, "n": null}'], []),
    ("not repeated, only alike", [TRACK, '"properties": {"n": "\\":", "a": {"n": 1}}'], []),
]


@pytest.mark.parametrize(
    ("fields", "lost"), [one[1:] for one in STORIES], ids=[s[0] for s in STORIES]
)
def test_the_later_values_of_a_key_are_kept(
    desk: Desk, fields: Sequence[str], lost: list[tuple[str, str, str]]
) -> None:
    assert land(desk, *fields) == [(*one, "given twice") for one in lost]


def test_the_first_value_lands(desk: Desk) -> None:
    land(desk, TRACK, '"properties": {"n": 1, "n": 2}')
    assert desk.values("select n from web.order_completed") == [1]


def test_what_stands_in_an_array_lands_as_it_is(desk: Desk) -> None:
    land(desk, TRACK, '"properties": {"lines": [{"n": 1, "n": 2}]}')
    (lines,) = desk.values("select lines from web.order_completed")
    assert lines == '[{"n":1,"n":2}]'
    assert json.loads(lines) == [{"n": 2}]


def test_an_event_that_landed_before_gives_no_discards_again(desk: Desk) -> None:
    fields = (TRACK, '"properties": {"n": 1, "n": 2}')
    before = land(desk, *fields)
    desk.load(reload=True)
    assert desk.discards() == before
