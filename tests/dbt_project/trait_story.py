"""A shop of a few people whose events a seed chooses, and what its traits must be."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.dbt_project.shop import Event
from tests.dbt_project.trait_oracle import trait
from tests.dbt_project.trait_shop import STATELESS, Definitions, TraitShop

ZONE = "America/New_York"
FIRST_DAY = datetime(2026, 2, 20, tzinfo=UTC)
"""The story runs over the night of 8 March, which has no hour from two to three in New York."""

BOUGHT = {"event": "Bought It"}
DEFINITIONS: Definitions = {
    "bought": {**BOUGHT, "aggregate": "count"},
    "bought_in_euro": {**BOUGHT, "aggregate": "count", "where": {"currency": "EUR"}},
    "bought_dear": {**BOUGHT, "aggregate": "exists", "where": {"price": {">=": 50, "<": 80}}},
    "bought_shirts": {**BOUGHT, "aggregate": "count", "where": {"size": {"contains": "shirt"}}},
    "bought_plain": {**BOUGHT, "aggregate": "count", "where": {"size": None}, "window": "5 days"},
    "bought_other": {
        **BOUGHT,
        "aggregate": "count",
        "where": {"currency": {"not": ["EUR", "USD"]}},
    },
    "spent": {**BOUGHT, "aggregate": "sum", "property": "price"},
    "spent_lately": {**BOUGHT, "aggregate": "sum", "property": "price", "window": "3 days"},
    "mean": {**BOUGHT, "aggregate": "average", "property": "price", "window": "7 days"},
    "least": {**BOUGHT, "aggregate": "min", "property": "price"},
    "most": {**BOUGHT, "aggregate": "max", "property": "price", "window": "1 day"},
    "first_size": {**BOUGHT, "aggregate": "first", "property": "size"},
    "last_size": {**BOUGHT, "aggregate": "last", "property": "size", "window": "4 days"},
    "last_price": {**BOUGHT, "aggregate": "last", "property": "price", "type": "decimal"},
    "last_at": {**BOUGHT, "aggregate": "max", "property": "timestamp"},
    "usual_size": {**BOUGHT, "aggregate": "most_frequent", "property": "size"},
    "usual_lately": {
        **BOUGHT,
        "aggregate": "most_frequent",
        "property": "size",
        "window": "6 days",
        "where": {"currency": ["EUR", "GBP"]},
    },
    "sizes": {**BOUGHT, "aggregate": "unique_list", "property": "size"},
    "sizes_lately": {**BOUGHT, "aggregate": "unique_list", "property": "size", "window": "2 days"},
    "prices": {**BOUGHT, "aggregate": "unique_count", "property": "price", "type": "decimal"},
    "since_bought": {**BOUGHT, "aggregate": "days_since"},
    "since_lately": {**BOUGHT, "aggregate": "days_since", "window": "3 days"},
    "bought_by_hour": {**BOUGHT, "aggregate": "count", "window": "30 hours"},
    "sizes_by_hour": {
        **BOUGHT,
        "aggregate": "unique_list",
        "property": "size",
        "window": "30 hours",
    },
    "pages": {"calls": "pages", "aggregate": "count"},
    "pages_today": {"calls": "pages", "aggregate": "count", "window": "24 hours"},
    "last_page": {"calls": "pages", "aggregate": "last", "property": "path"},
    "screens": {"calls": "screens", "aggregate": "exists", "window": "2 days"},
    "anything": {"calls": "tracks", "aggregate": "days_since"},
    "never": {"event": "Nobody Sends It", "aggregate": "sum", "property": "price"},
}


class Chance:
    """Random events of a few people, of whom some turn out to be one."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0

    def events(self, first: int, last: int, count: int) -> list[Event]:
        """Events that happened from one day to another."""
        return [self._event(first, last) for _ in range(count)]

    def joining(self, day: int) -> Event:
        """Somebody is said to belong to an account."""
        event = self._call(day, day, "group", f"u{self._random.randrange(12)}", None)
        return {**event, "groupId": f"g{self._random.randrange(3)}"}

    def meeting(self, day: int) -> Event:
        """A visitor becomes known."""
        user = self._random.randrange(12)
        return self._call(day, day, "identify", f"u{user}", f"a{self._random.randrange(24)}")

    def _event(self, first: int, last: int) -> Event:
        kind = self._random.choices(("track", "page", "screen"), (7, 2, 1))[0]
        person = self._random.randrange(36)
        user, device = (f"u{person}", None) if person < 12 else (None, f"a{person - 12}")
        event = self._call(first, last, kind, user, device)
        if kind == "track":
            event["event"] = self._random.choices(("Bought It", "Looked"), (4, 1))[0]
        event["properties"] = {
            name: self._random.choice(values)
            for name, values in {
                "price": (None, 0.1, 19.99, 50, 79.999, 80, -3, 1e6),
                "currency": (None, "EUR", "USD", "GBP"),
                "size": ("shirt, M", "shirt, L", "Éclat", "zebra", "it's {}"),
                "path": ("/", "/a", "/b"),
            }.items()
            if self._random.random() < 0.8
        }
        return event

    def _call(
        self, first: int, last: int, kind: str, user: str | None, device: str | None
    ) -> Event:
        # Minutes on the hour are many, so that events meet at one instant and at midnights.
        minute = self._random.randrange((last - first + 1) * 96) * 15
        moment = FIRST_DAY + timedelta(days=first, minutes=minute)
        stamp = moment.isoformat().replace("+00:00", "Z")
        self._count += 1
        event: Event = {
            "type": kind,
            "messageId": f"m{self._count}",
            **dict.fromkeys(("timestamp", "receivedAt", "sentAt", "originalTimestamp"), stamp),
            **({"userId": user} if user else {}),
            **({"anonymousId": device} if device else {}),
        }
        return event


def as_of_day(day: int) -> date:
    return (FIRST_DAY + timedelta(days=day)).date()


def expected(shop: TraitShop, events: list[Event], as_of: date) -> list[dict[str, Any]]:
    """Every profile's traits by the oracle; who is who is the warehouse's word."""
    owners = {
        row["event_id"]: row["profile_id"]
        for row in shop.rows("select event_id, profile_id from analytics.profile_events")
    }
    people: dict[str, list[Event]] = {
        row["profile_id"]: []
        for row in shop.rows("select distinct profile_id from analytics.profile_identifiers")
    }
    for event in events:
        people[owners[event["messageId"]]].append(event)
    return [
        {"profile_id": profile_id}
        | {name: trait(one, people[profile_id], as_of, ZONE) for name, one in DEFINITIONS.items()}
        for profile_id in sorted(people)
    ]


LOYAL = """
select profile_id, bought from {{ ref('profiles') }}
where bought >= 3 and {{ weft.not_performed('Looked', within='3 days') }}
"""
WINDOW_SHOPPERS = """
select profile_id from {{ ref('profiles') }}
where {{ weft.funnel(['Looked', 'Bought It'], within='2 days', completed=false) }}
"""
_BOOKS = ("identity_builds", "identity_figures", "identity_state", "trait_builds")


def make_story_shop(
    folder: Path,
    definitions: Definitions = DEFINITIONS,
    output: Mapping[str, Any] | None = None,
) -> TraitShop:
    """A shop with the same traits twice, kept and stateless, and two audiences."""
    shop = TraitShop(folder, output)
    shop.configure("timezone: UTC", f"timezone: {ZONE}")
    shop.define("kept_traits", definitions)
    shop.define("stateless_traits", definitions, STATELESS)
    shop.join("kept_traits")
    for name, sql in {"loyal": LOYAL, "window_shoppers": WINDOW_SHOPPERS}.items():
        (folder / "models" / "audiences" / f"{name}.sql").write_text(sql, "utf-8")
    return shop


def land(shop: TraitShop, day: int, batch: Sequence[Event]) -> None:
    """Land events as a load of some day."""
    shop.load(batch)
    for row in shop.rows(
        "select table_name from information_schema.columns"
        " where table_schema = 'web' and column_name = 'loaded_at'"
    ):
        shop.rows(
            f"update web.{row['table_name']} set loaded_at = timestamp '{as_of_day(day)} 18:00'"
            f" where load_id = {shop.batches} returning id"
        )


def all_rows(shop: TraitShop, schema: str = "analytics") -> dict[str, list[str]]:
    """Every model's rows as sorted texts, without what is said of the builds themselves."""
    tables = shop.rows(
        "select table_name, list(column_name order by column_name) as columns"
        f" from information_schema.columns where table_schema = '{schema}' group by table_name"
        " order by table_name"
    )
    found = {}
    for table in tables:
        if table["table_name"] in _BOOKS:
            continue
        columns = ", ".join(f'"{column}"' for column in table["columns"] if column != "build")
        rows = shop.rows(f"select {columns} from {schema}.{table['table_name']}")
        found[table["table_name"]] = sorted(map(repr, rows))
    return found
