"""Columns of integers become columns of numbers where nothing is lost by it."""

from typing import Any

import pytest

from tests.loaders.desk import Desk
from tests.loaders.examples import identify, track


def _land(desk: Desk, *values: Any) -> None:
    for number, value in enumerate(values):
        event = track(messageId=f"{number}", properties={"v": value})
        desk.land(event, name=f"{number}.ndjson")


@pytest.mark.parametrize(
    ("values", "landed"),
    [
        ([5, 5.5], [5.0, 5.5]),
        ([5, 5.5, 7, 1e300], [5.0, 5.5, 7.0, 1e300]),
        ([2**53 - 1, 0.5], [2.0**53 - 1, 0.5]),
        ([None, 5, 1e30], [None, 5.0, 1e30]),
    ],
)
@pytest.mark.every_engine
def test_integers_that_meet_floats_are_widened(
    desk: Desk, values: list[Any], landed: list[Any]
) -> None:
    _land(desk, *values)
    assert desk.types("signed_up")["v"] == "DOUBLE"
    assert desk.values("select v from web.signed_up order by id") == landed
    assert desk.discards() == []


@pytest.mark.parametrize("stored", [2**53, -(2**53), 2**63 - 1, -(2**63)])
def test_integers_that_would_change_are_not_widened(desk: Desk, stored: int) -> None:
    _land(desk, stored, 5.5)
    assert desk.values("select v from web.signed_up order by id") == [stored, None]
    assert desk.discards() == [("signed_up", "v", "5.5", "does not fit bigint")]


def test_what_is_no_number_does_not_widen(desk: Desk) -> None:
    _land(desk, 5, "x", 2**63)
    assert desk.types("signed_up")["v"] == "BIGINT"
    assert len(desk.discards()) == 2


def test_a_text_among_the_floats_is_discarded(desk: Desk) -> None:
    _land(desk, 5)
    desk.land(
        track(messageId="a", properties={"v": 5.5}),
        track(messageId="b", properties={"v": "x"}),
        name="more",
    )
    assert desk.values("select v from web.signed_up order by id") == [5.0, 5.5, None]
    assert desk.discards() == [("signed_up", "v", "x", "does not fit double")]


@pytest.mark.every_engine
def test_a_column_that_a_view_reads_is_not_widened(desk: Desk) -> None:
    _land(desk, 5)
    desk.warehouse.execute("create schema looks")
    desk.warehouse.execute("create view looks.seen as select v from web.signed_up")
    desk.land(track(properties={"v": 5.5}), name="more")
    assert desk.types("signed_up")["v"] == "BIGINT"
    assert desk.values("select v from looks.seen where v is not null") == [5]
    assert len(desk.discards()) == 1


def test_users_are_widened_with_their_identifies(desk: Desk) -> None:
    desk.land(identify(messageId="1", traits={"age": 5}, sentAt="2026-03-01"))
    desk.land(identify(messageId="2", traits={"age": 5.5}, sentAt="2026-03-02"), name="two")
    assert desk.types("users")["age"] == desk.types("identifies")["age"] == "DOUBLE"
    assert desk.values("select age from web.users") == [5.5]


def test_a_large_file_lands_whole_in_a_widened_column(desk: Desk) -> None:
    _land(desk, 1)
    many = (track(messageId=f"m{n}", properties={"v": n / 2}) for n in range(125_000))
    desk.land(*many, name="many")
    assert desk.values("select count(v) from web.signed_up") == [125_001]


def test_a_column_that_a_user_made_narrower_is_kept(desk: Desk) -> None:
    _land(desk, 1)
    desk.warehouse.execute("alter table web.signed_up alter v type integer")
    desk.land(track(properties={"v": 5.5}), name="more")
    assert desk.types("signed_up")["v"] == "INTEGER"
