"""Computed and custom traits, and audiences, told as stories in one project."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt_project.shop import Event, EventShop, event

AS_OF = "2026-09-29"

TRAITS_SQL = """
{{ weft.computed_traits(profiles=ref('profile_identifiers'), events=ref('profile_events')) }}
"""
TRAITS_YML = """
models:
  - name: tried_traits
    description: One row per profile.
    config:
      meta:
        traits:
          bought: {event: Bought, aggregate: count}
          bought_ever: {event: Bought, aggregate: exists}
          spent: {event: Bought, aggregate: sum, property: price}
          mean: {event: Bought, aggregate: average, property: price}
          least: {event: Bought, aggregate: min, property: price}
          most: {event: Bought, aggregate: max, property: price}
          first_at: {event: Bought, aggregate: first, property: timestamp}
          last_size: {event: Bought, aggregate: last, property: shirtSize, type: text}
          sizes: {event: Bought, aggregate: unique_count, property: shirtSize, type: text}
          week: {event: Bought, aggregate: count, window: 7 days}
          today: {event: Bought, aggregate: count, window: 1 day}
          in_euro: {event: Bought, aggregate: count, where: {currency: EUR}}
          in_some: {event: Bought, aggregate: count, where: {currency: [EUR, "O'D"]}}
          never_sent: {event: Nobody Sends This, aggregate: sum, property: price}
"""


def bought(at: str, **properties: Any) -> Event:
    return event(at, event="Bought", userId="ana", properties=properties)


EVENTS: list[Event] = [
    bought("22 23:59", price=10, currency="EUR", shirtSize="M"),
    bought("23 00:00", price=0.1, currency="O'D", shirtSize="L"),
    bought("29 23:59", price=0.2, currency="USD", shirtSize="M"),
    # The day after the as-of day does not count yet.
    bought("30 00:00", price=1000, currency="EUR", shirtSize="XL"),
    # A value too large for a decimal is nothing; the event still counts.
    bought("25 12:00", price=1e30, currency="USD"),
    event("20 10:00", userId="bob", event="Looked"),
]
IDENTIFIES: list[Event] = [
    event("01 10:00", "identify", userId="cy", traits={"plan": "free", "city": "Porto"}),
    event("03 10:00", "identify", userId="cy", traits={"plan": "pro"}),
    # Sent later, but older: it changes nothing.
    event("02 10:00", "identify", userId="cy", traits={"plan": "trial"}, messageId="zz"),
    event("01 10:00", "identify", userId="di", traits={"plan": "pro", "logins": 3}),
    event("02 10:00", "identify", userId="di", traits={"plan": None}),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> EventShop:
    shop = EventShop(tmp_path_factory.mktemp("traits") / "shop")
    traits = shop.folder / "models" / "traits"
    (traits / "tried_traits.sql").write_text(TRAITS_SQL)
    (traits / "tried_traits.yml").write_text(TRAITS_YML)
    configuration = shop.folder / "dbt_project.yml"
    configuration.write_text(
        configuration.read_text("utf-8").replace(
            "[purchase_traits,", "[tried_traits, purchase_traits,"
        )
    )
    shop.load([*EVENTS, *IDENTIFIES])
    shop.build(as_of=AS_OF)
    return shop


def profile(shop: EventShop, user_id: str) -> dict[str, Any]:
    [row] = shop.rows(f"select * from analytics.profiles where user_id = '{user_id}'")
    return row


def test_every_kind_of_trait_counts_what_it_says(shop: EventShop) -> None:
    ana = profile(shop, "ana")
    assert ana["bought"] == 4
    assert ana["bought_ever"] is True
    assert ana["first_at"] == datetime(2026, 9, 22, 23, 59)
    assert ana["last_size"] == "M"
    assert ana["sizes"] == 2


def test_sums_are_exact_and_leave_absurd_numbers_out(shop: EventShop) -> None:
    ana = profile(shop, "ana")
    assert ana["spent"] == Decimal("10.3")
    assert ana["mean"] == (Decimal("10.3") / 3).quantize(Decimal("1e-9"))
    assert (ana["least"], ana["most"]) == (Decimal("0.1"), Decimal("10"))


def test_a_window_is_the_as_of_day_and_the_days_before_it(shop: EventShop) -> None:
    ana = profile(shop, "ana")
    assert ana["week"] == 3
    assert ana["today"] == 1


def test_a_condition_takes_a_value_or_a_list(shop: EventShop) -> None:
    ana = profile(shop, "ana")
    assert ana["in_euro"] == 1
    assert ana["in_some"] == 2


def test_who_did_nothing_has_zero_false_and_null(shop: EventShop) -> None:
    bob = profile(shop, "bob")
    assert (bob["bought"], bob["sizes"], bob["week"]) == (0, 0, 0)
    assert bob["bought_ever"] is False
    assert (bob["spent"], bob["last_size"], bob["never_sent"]) == (None, None, None)


def test_the_latest_custom_trait_counts_whenever_it_arrives(shop: EventShop) -> None:
    assert (profile(shop, "cy")["plan"], profile(shop, "cy")["city"]) == ("pro", "Porto")


def test_a_custom_trait_sent_as_null_is_removed(shop: EventShop) -> None:
    assert (profile(shop, "di")["plan"], profile(shop, "di")["logins"]) == (None, 3)


def test_a_declared_custom_trait_is_there_before_its_first_value(shop: EventShop) -> None:
    assert profile(shop, "di")["first_name"] is None


@pytest.mark.parametrize(
    ("definition", "says"),
    [
        ({"event": "Bought", "aggregate": "cuont"}, "no aggregate 'cuont'"),
        ({"event": "Bought", "aggregate": "sum"}, "sum needs a `property`"),
        ({"aggregate": "count"}, "`event` names no event"),
        ({"event": "Bought", "aggregate": "count", "window": "a week"}, "`window` must be"),
        ({"event": "Bought", "aggregate": "count", "whre": {}}, "no setting 'whre'"),
    ],
)
def test_a_bad_definition_is_named_with_its_file(
    shop: EventShop, tmp_path: Path, definition: dict[str, Any], says: str
) -> None:
    yml = shop.folder / "models" / "traits" / "tried_traits.yml"
    good = yml.read_text("utf-8")
    traits = {"models": [{"name": "tried_traits", "description": "One row per profile."}]}
    traits["models"][0]["config"] = {"meta": {"traits": {"bad_one": definition}}}  # type: ignore[assignment]
    try:
        yml.write_text(json.dumps(traits), "utf-8")
        finished = shop.weft("build", "--as-of", AS_OF, "--select", "tried_traits")
    finally:
        yml.write_text(good, "utf-8")
    assert finished.exit_code in (1, 2)
    said = finished.output + finished.errors
    assert "Trait bad_one" in said
    assert "tried_traits.yml" in said
    assert says in said


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select email from {{ ref('profiles') }}", "does not return profile_id"),
        (
            "select profile_id from {{ ref('profile_identifiers') }}"
            " union all select profile_id from {{ ref('profile_identifiers') }}",
            "must return each profile once",
        ),
        ("select cast(null as text) as profile_id", "rows without a profile_id"),
    ],
)
def test_an_audience_that_cannot_be_one_says_why_and_changes_nothing(
    shop: EventShop, sql: str, says: str
) -> None:
    query = "select * from analytics.audience_memberships order by all"
    before = shop.rows(query)
    path = shop.folder / "models" / "audiences" / "tried.sql"
    path.write_text(sql)
    try:
        finished = shop.weft("build", "--as-of", AS_OF, "--select", "tried")
    finally:
        path.unlink()
    assert finished.exit_code == 1
    assert "Audience tried (models/audiences/tried.sql)" in finished.output
    assert says in finished.output
    assert shop.rows(query) == before


def test_a_day_begins_in_the_time_zone_of_the_project(tmp_path: Path) -> None:
    shop = EventShop(tmp_path / "shop")
    configuration = shop.folder / "dbt_project.yml"
    text = configuration.read_text("utf-8").replace("timezone: UTC", "timezone: Asia/Tokyo")
    configuration.write_text(text.replace("[purchase_traits, browsing_traits]", "[tried_traits]"))
    traits = shop.folder / "models" / "traits"
    for path in traits.iterdir():
        path.unlink()
    for path in (shop.folder / "models" / "audiences").iterdir():
        path.unlink()
    (traits / "tried_traits.sql").write_text(TRAITS_SQL)
    (traits / "tried_traits.yml").write_text(TRAITS_YML)
    # In Tokyo the 29th ends at 15:00 UTC.
    shop.load(
        [bought("29 14:59", price=1), bought("29 15:01", price=1), bought("28 15:01", price=1)]
    )
    shop.build(as_of=AS_OF)
    ana = profile(shop, "ana")
    assert (ana["bought"], ana["today"]) == (2, 2)
