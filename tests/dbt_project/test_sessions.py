"""Sessions: when one ends and another begins, told as stories."""

from datetime import datetime
from typing import Any

import pytest

from tests.dbt_project.shop import event
from tests.dbt_project.trait_shop import TraitShop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> TraitShop:
    shop = TraitShop(tmp_path_factory.mktemp("sessions") / "shop")
    shop.load(
        [
            event("01 10:00", "page", anonymousId="phone"),
            event("01 10:30", "track", anonymousId="phone"),
            event("01 11:01", "screen", anonymousId="phone"),
            # Another device, of who knows whom.
            event("01 10:45", "page", anonymousId="laptop"),
            # An identify call is no activity of a visitor.
            event("01 11:20", "identify", userId="ana", anonymousId="phone"),
            event("02 23:50", "page", userId="ana"),
            event("03 00:10", "page", userId="ana"),
        ]
    )
    shop.build_for("sessions", "profiles")
    return shop


def sessions(shop: TraitShop, user_id: str = "ana") -> list[dict[str, Any]]:
    return shop.rows(
        "select session_id, session_number, started_at, ended_at, count_events, count_pages"
        " from analytics.sessions inner join analytics.profiles using (profile_id)"
        f" where user_id = '{user_id}' order by session_number"
    )


def spans(shop: TraitShop) -> list[tuple[datetime, datetime, int]]:
    return [(one["started_at"], one["ended_at"], one["count_events"]) for one in sessions(shop)]


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 9, day, hour, minute)


def test_thirty_minutes_are_one_session_and_a_minute_more_are_two(shop: TraitShop) -> None:
    assert spans(shop)[:2] == [
        (at(1, 10, 0), at(1, 10, 30), 2),
        (at(1, 11, 1), at(1, 11, 1), 1),
    ]


def test_midnight_ends_no_session(shop: TraitShop) -> None:
    assert spans(shop)[2] == (at(2, 23, 50), at(3, 0, 10), 2)


def test_a_merge_joins_the_sessions_of_both_and_a_late_event_closes_a_gap(
    shop: TraitShop,
) -> None:
    first, second, third = sessions(shop)
    shop.load(
        [
            event("04 10:00", "identify", userId="ana", anonymousId="laptop"),
            event("01 11:30", "page", userId="ana"),
        ]
    )
    shop.build_for("sessions")
    assert shop.last_build("sessions")["is_full"] is False
    assert spans(shop)[0] == (at(1, 10, 0), at(1, 11, 30), 5)
    joined, last = sessions(shop)
    assert (joined["session_id"], last["session_id"]) == (first["session_id"], third["session_id"])
    kept = shop.rows("select * from analytics.sessions order by session_id")
    shop.build_models("--full-refresh", "--select", "sessions")
    assert shop.rows("select * from analytics.sessions order by session_id") == kept
    assert second["session_id"] not in {one["session_id"] for one in kept}
