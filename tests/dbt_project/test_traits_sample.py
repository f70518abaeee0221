"""The starter set's numbers of the sample shop, against plain Python over the lines it was sent."""

import contextlib
import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

import sample_data
from tests.conftest import Shop
from tests.dbt_project.shop import Event
from tests.dbt_project.trait_oracle import Definition, trait

DAYS = {
    "first_day": (sample_data.FIRST_AS_OF, [sample_data.FIRST_DAY]),
    "next_day": (sample_data.NEXT_AS_OF, [sample_data.FIRST_DAY, sample_data.NEXT_DAY]),
}
AUDIENCES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "high_value_customers": lambda one: (one["lifetime_revenue"] or 0) >= Decimal(500),
    "lapsed_customers": lambda one: one["orders_count"] > 0 and one["orders_last_60_days"] == 0,
    "cart_abandoners": lambda one: (
        one["products_added_last_7_days"] > 0
        and (one["last_order_at"] is None or one["last_order_at"] < one["last_product_added_at"])
    ),
}


def sent(folders: list[Path]) -> dict[tuple[str, str], Event]:
    """What was sent, each message of a source once, at the time it truly happened."""
    found: dict[tuple[str, str], Event] = {}
    for folder in folders:
        for source in sample_data.SOURCES:
            lines = gzip.decompress((folder / f"{source}.ndjson.gz").read_bytes()).splitlines()
            for line in lines:
                # A broken line is no JSON, or lacks what an event has.
                with contextlib.suppress(ValueError, KeyError):
                    event = json.loads(line)
                    event["timestamp"] = happened_at(event).isoformat()
                    found.setdefault((source, event["messageId"]), event)
    return found


def happened_at(event: Event) -> datetime:
    """A clock that is wrong is wrong when it sends too; an archive has put that right already."""
    timestamp, sent_at, received_at = (
        datetime.fromisoformat(event[name]) for name in ("timestamp", "sentAt", "receivedAt")
    )
    return timestamp if "originalTimestamp" in event else received_at - (sent_at - timestamp)


def definitions(shop: Shop) -> dict[str, Definition]:
    """The starter set, as it stands in the shop's project."""
    found: dict[str, Definition] = {}
    for path in sorted((shop.folder / "models" / "traits").glob("*.yml")):
        for model in yaml.safe_load(path.read_text("utf-8"))["models"]:
            found |= model["config"]["meta"]["traits"]
    return found


def computed(shop: Shop, as_of: date, folders: list[Path]) -> dict[str, dict[str, Any]]:
    """Every profile's traits; who is who is the warehouse's word."""
    people: dict[str, list[Event]] = {
        row["profile_id"]: []
        for row in shop.rows("select distinct profile_id from analytics.profile_identifiers")
    }
    events = sent(folders)
    for row in shop.rows("select source, event_id, profile_id from analytics.profile_events"):
        people[row["profile_id"]].append(events[row["source"], row["event_id"]])
    starter_set = definitions(shop)
    return {
        profile_id: {name: trait(one, theirs, as_of, "UTC") for name, one in starter_set.items()}
        for profile_id, theirs in people.items()
    }


@pytest.mark.parametrize("day", DAYS)
def test_the_starter_set_counts_what_was_sent(day: str, request: pytest.FixtureRequest) -> None:
    shop: Shop = request.getfixturevalue(day)
    expected = computed(shop, *DAYS[day])
    names = list(definitions(shop))
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in shop.rows(f"select profile_id, {', '.join(names)} from analytics.profiles"):
        found[row.pop("profile_id")] = row
    assert found == expected
    # Each trait tells people apart: none is compared empty.
    assert all(len({repr(one[name]) for one in expected.values()}) > 2 for name in names)
    for audience, holds in AUDIENCES.items():
        members = {row["profile_id"] for row in shop.rows(f"select * from analytics.{audience}")}
        assert members == {one for one, traits in expected.items() if holds(traits)}
        assert members
