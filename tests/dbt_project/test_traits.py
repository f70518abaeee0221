"""Every kind of computed trait and every edge of a window, told as stories of one build."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.shop import Event, event
from tests.dbt_project.trait_shop import STATELESS, Definitions, TraitShop

AS_OF = "2026-09-29"
BOUGHT = {"event": "Bought"}

TRAITS: Definitions = {
    "bought": {**BOUGHT, "aggregate": "count"},
    "bought_ever": {**BOUGHT, "aggregate": "exists"},
    "spent": {**BOUGHT, "aggregate": "sum", "property": "price"},
    "mean": {**BOUGHT, "aggregate": "average", "property": "price"},
    "least": {**BOUGHT, "aggregate": "min", "property": "price"},
    "most": {**BOUGHT, "aggregate": "max", "property": "price"},
    "least_size": {**BOUGHT, "aggregate": "min", "property": "shirtSize", "type": "text"},
    "first_at": {**BOUGHT, "aggregate": "first", "property": "timestamp"},
    "first_size": {**BOUGHT, "aggregate": "first", "property": "shirtSize"},
    "last_size": {**BOUGHT, "aggregate": "last", "property": "shirtSize"},
    "usual_size": {**BOUGHT, "aggregate": "most_frequent", "property": "shirtSize"},
    "sizes": {**BOUGHT, "aggregate": "unique_list", "property": "shirtSize"},
    "count_sizes": {**BOUGHT, "aggregate": "unique_count", "property": "shirtSize"},
    "prices": {**BOUGHT, "aggregate": "unique_list", "property": "price", "type": "decimal"},
    "since": {**BOUGHT, "aggregate": "days_since"},
    "is_gift": {**BOUGHT, "aggregate": "last", "property": "gift", "type": "boolean"},
    "due": {**BOUGHT, "aggregate": "max", "property": "due", "type": "date"},
    "week": {**BOUGHT, "aggregate": "count", "window": "7 days"},
    "today": {**BOUGHT, "aggregate": "count", "window": "1 day"},
    "half_day": {**BOUGHT, "aggregate": "count", "window": "12 hours"},
    "hour": {**BOUGHT, "aggregate": "count", "window": "1 hour"},
    "in_euro": {**BOUGHT, "aggregate": "count", "where": {"currency": "EUR"}},
    "in_some": {**BOUGHT, "aggregate": "count", "where": {"currency": ["EUR", "O'D"]}},
    "not_euro": {**BOUGHT, "aggregate": "count", "where": {"currency": {"not": "EUR"}}},
    "no_coupon": {**BOUGHT, "aggregate": "count", "where": {"coupon": None}},
    "a_coupon": {**BOUGHT, "aggregate": "count", "where": {"coupon": {"not": None}}},
    "dear": {**BOUGHT, "aggregate": "count", "where": {"price": {">": 10}}},
    "from_ten": {**BOUGHT, "aggregate": "count", "where": {"price": {">=": 10, "<": 20.5}}},
    "for_ten": {**BOUGHT, "aggregate": "count", "where": {"price": 10}},
    "gifts": {**BOUGHT, "aggregate": "count", "where": {"gift": True}},
    "braces": {**BOUGHT, "aggregate": "count", "where": {"shirtSize": {"contains": "{}%_"}}},
    "due_soon": {**BOUGHT, "aggregate": "count", "where": {"due": {"<=": "2026-10-01"}}},
    "since_noon": {
        **BOUGHT,
        "aggregate": "count",
        "where": {"timestamp": {">=": "2026-09-29T12:00:00Z"}},
    },
    "dear_euro": {
        **BOUGHT,
        "aggregate": "sum",
        "property": "price",
        "where": {"currency": "EUR", "price": {">": 5}},
        "window": "30 days",
    },
    "pages": {"calls": "pages", "aggregate": "count"},
    "pricing": {"calls": "pages", "aggregate": "count", "where": {"name": "Pricing"}},
    "screens": {"calls": "screens", "aggregate": "count"},
    "did_anything": {"calls": "tracks", "aggregate": "count"},
    "never_sent": {"event": "Nobody Sends This", "aggregate": "sum", "property": "price"},
    "never_listed": {"event": "Nobody Sends This", "aggregate": "unique_list", "property": "x"},
}


def bought(at: str, who: str, **properties: Any) -> Event:
    return event(at, event="Bought", userId=who, properties=properties)


EVENTS: list[Event] = [
    bought("22 23:59", "ana", price=10, currency="EUR", shirtSize="M", gift=True),
    bought("23 00:00", "ana", price=0.1, currency="O'D", shirtSize="L", due="2026-10-01"),
    bought("29 23:59", "ana", price=0.2, currency="USD", shirtSize="M", gift=False),
    # The day after the as-of day does not count yet.
    bought("30 00:00", "ana", price=1000, currency="EUR", shirtSize="XL"),
    # A value too large for a decimal is nothing; the event still counts.
    bought("25 12:00", "ana", price=1e30),
    event("20 10:00", userId="bob", event="Looked"),
    # Two at one instant: the alphabet decides, not the order of arrival.
    bought("02 10:00", "cy", shirtSize="b"),
    bought("02 10:00", "cy", shirtSize="a"),
    bought("02 10:00", "cy", shirtSize="c"),
    # Once is no habit; two that are equally frequent come by the alphabet.
    *(bought(f"0{day} 10:00", "di", shirtSize=one) for day, one in enumerate("zyxyxzw", 1)),
    bought("09 10:00", "ed", shirtSize="only"),
    # What was sent as null, as an empty text, or not at all.
    bought("05 10:00", "fay", shirtSize=None, coupon=""),
    bought("06 10:00", "fay", shirtSize="", price=20.5),
    bought("07 10:00", "fay", coupon="SALE"),
    bought("07 10:00", "gil", shirtSize="a{}%_b", price=20.4, due="2026-10-02"),
    bought("07 11:00", "gil", shirtSize="a{}_%b", price=9.999999999),
    # The last twelve hours of the as-of day begin at noon, that instant included.
    bought("29 11:59", "hal", price=1),
    bought("29 12:00", "hal", price=1),
    bought("29 23:00", "hal", price=1),
    event("03 10:00", "page", userId="ida", name="Pricing", properties={"name": "Pricing"}),
    event("03 10:01", "page", userId="ida", name="Home", properties={"name": "Home"}),
    event("03 10:02", "screen", userId="ida", name="Pricing"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> TraitShop:
    shop = TraitShop(tmp_path_factory.mktemp("traits") / "shop")
    shop.define("tried_traits", TRAITS)
    shop.define("stateless_traits", TRAITS, STATELESS)
    shop.define("typed_traits", {"size": TRAITS["last_size"]})
    shop.join("tried_traits")
    shop.load(EVENTS)
    shop.build_for("profiles", "stateless_traits", "typed_traits", as_of=AS_OF)
    return shop


def profile(shop: TraitShop, user_id: str) -> dict[str, Any]:
    [row] = shop.rows(f"select * from analytics.profiles where user_id = '{user_id}'")
    return row


def test_every_kind_of_trait_counts_what_it_says(shop: TraitShop) -> None:
    ana = profile(shop, "ana")
    assert (ana["bought"], ana["bought_ever"], ana["since"]) == (4, True, 0)
    assert ana["first_at"] == datetime(2026, 9, 22, 23, 59)
    assert (ana["first_size"], ana["last_size"], ana["least_size"]) == ("M", "M", "L")
    assert (ana["usual_size"], ana["sizes"], ana["count_sizes"]) == ("M", ["L", "M"], 2)
    assert ana["prices"] == [Decimal("0.1"), Decimal("0.2"), Decimal("10")]
    assert (ana["is_gift"], ana["due"]) == (False, date(2026, 10, 1))


def test_a_kept_trait_equals_one_computed_from_all_events(shop: TraitShop) -> None:
    assert shop.dump("tried_traits") == shop.dump("stateless_traits")


def test_sums_are_exact_and_leave_absurd_numbers_out_and_count_them(shop: TraitShop) -> None:
    ana = profile(shop, "ana")
    assert ana["spent"] == Decimal("10.3")
    assert ana["mean"] == (Decimal("10.3") / 3).quantize(Decimal("1e-9"))
    assert (ana["least"], ana["most"]) == (Decimal("0.1"), Decimal("10"))
    assert shop.last_build("tried_traits")["unusable"] == '{"bought.price": 1}'


def test_a_window_is_the_as_of_day_and_the_days_before_it(shop: TraitShop) -> None:
    ana = profile(shop, "ana")
    assert (ana["week"], ana["today"], profile(shop, "ed")["since"]) == (3, 1, 20)


def test_hours_are_the_last_of_the_as_of_day(shop: TraitShop) -> None:
    hal = profile(shop, "hal")
    assert (hal["today"], hal["half_day"], hal["hour"]) == (3, 2, 1)


def test_of_values_at_one_instant_the_first_is_the_smallest_and_the_last_the_greatest(
    shop: TraitShop,
) -> None:
    assert (profile(shop, "cy")["first_size"], profile(shop, "cy")["last_size"]) == ("a", "c")


def test_the_most_frequent_value_came_twice_at_least_and_ties_go_by_the_alphabet(
    shop: TraitShop,
) -> None:
    assert profile(shop, "di")["usual_size"] == "x"
    assert (profile(shop, "cy")["usual_size"], profile(shop, "ed")["usual_size"]) == (None, None)


def test_null_is_no_value_and_an_empty_text_is_one(shop: TraitShop) -> None:
    fay = profile(shop, "fay")
    assert (fay["sizes"], fay["first_size"], fay["last_size"]) == ([""], "", "")
    assert (fay["no_coupon"], fay["a_coupon"], fay["spent"]) == (1, 2, Decimal("20.5"))


def test_a_condition_takes_a_value_a_list_or_what_it_must_not_be(shop: TraitShop) -> None:
    ana = profile(shop, "ana")
    assert (ana["in_euro"], ana["in_some"], ana["not_euro"]) == (1, 2, 2)
    assert (ana["gifts"], ana["for_ten"], ana["dear_euro"]) == (1, 1, Decimal("10"))


def test_a_condition_compares_numbers_and_times(shop: TraitShop) -> None:
    ana, fay, gil, hal = (profile(shop, name) for name in ("ana", "fay", "gil", "hal"))
    assert (ana["dear"], ana["from_ten"], fay["from_ten"], gil["from_ten"]) == (0, 1, 0, 1)
    assert (ana["due_soon"], gil["due_soon"], hal["since_noon"]) == (1, 0, 2)


def test_a_condition_finds_a_text_letter_for_letter(shop: TraitShop) -> None:
    assert profile(shop, "gil")["braces"] == 1


def test_pages_and_screens_count_as_tracks_do(shop: TraitShop) -> None:
    ida = profile(shop, "ida")
    assert (ida["pages"], ida["pricing"], ida["screens"], ida["did_anything"]) == (2, 1, 1, 0)
    assert profile(shop, "bob")["did_anything"] == 1


def test_who_did_nothing_has_zero_false_and_null(shop: TraitShop) -> None:
    bob = profile(shop, "bob")
    assert (bob["bought"], bob["count_sizes"], bob["week"], bob["half_day"]) == (0, 0, 0, 0)
    assert bob["bought_ever"] is False
    assert (bob["spent"], bob["last_size"], bob["never_sent"]) == (None, None, None)
    assert (bob["sizes"], bob["since"], bob["never_listed"]) == (None, None, None)


def test_a_trait_has_its_type_before_anything_was_sent(shop: TraitShop) -> None:
    types = {
        row["column_name"]: row["data_type"]
        for row in shop.rows(
            "select column_name, data_type from information_schema.columns"
            " where table_schema = 'analytics' and table_name = 'tried_traits'"
        )
    }
    assert list(types) == ["profile_id", *TRAITS]
    assert (types["bought"], types["never_sent"]) == ("BIGINT", "DECIMAL(38,9)")
    assert (types["never_listed"], types["first_at"]) == ("VARCHAR[]", "TIMESTAMP")


def test_an_edited_definition_rebuilds_its_own_cells_and_says_so(shop: TraitShop) -> None:
    shop.define("typed_traits", {"size": TRAITS["first_size"]})
    try:
        finished = shop.build_models("--select", "typed_traits", as_of=AS_OF)
    finally:
        shop.define("typed_traits", {"size": TRAITS["last_size"]})
    assert "  rebuilt: typed_traits: edited traits of bought\n" in finished.output
    expected = {row["profile_id"]: row["first_size"] for row in shop.dump("stateless_traits")}
    assert {row["profile_id"]: row["size"] for row in shop.dump("typed_traits")} == expected


BAD: dict[str, tuple[Any, str]] = {
    "no_aggregate": ({**BOUGHT, "aggregate": "cuont"}, "no aggregate 'cuont'; known: count, "),
    "no_property": ({**BOUGHT, "aggregate": "sum"}, "sum needs a `property`"),
    "needless": ({**BOUGHT, "aggregate": "count", "property": "x"}, "aggregates no `property`"),
    "no_event": ({"aggregate": "count"}, "either `event` names a track call or `calls`"),
    "empty_event": ({"event": "", "aggregate": "count"}, "`event` names no event"),
    "both": ({**BOUGHT, "calls": "pages", "aggregate": "count"}, "either `event` names"),
    "no_calls": ({"calls": "groups", "aggregate": "count"}, "no calls 'groups'"),
    "vague": ({**BOUGHT, "aggregate": "count", "window": "a week"}, "`window` must be"),
    "odd": ({**BOUGHT, "aggregate": "count", "whre": {}}, "no setting 'whre'"),
    "scalar": ("count", "is no mapping"),
    "text_sum": (
        {**BOUGHT, "aggregate": "sum", "property": "x", "type": "text"},
        "always a decimal",
    ),
    "time_sum": ({**BOUGHT, "aggregate": "sum", "property": "timestamp"}, "numbers, not times"),
    "no_type": ({**BOUGHT, "aggregate": "min", "property": "x", "type": "int"}, "no type 'int'"),
    "where_list": ({**BOUGHT, "aggregate": "count", "where": ["x"]}, "`where` must be a mapping"),
    "where_empty": ({**BOUGHT, "aggregate": "count", "where": {"x": []}}, "the list is empty"),
    "where_odd": ({**BOUGHT, "aggregate": "count", "where": {"x": {"=": 1}}}, "no comparison '='"),
    "where_text": ({**BOUGHT, "aggregate": "count", "where": {"x": {">": "y"}}}, "needs a number"),
    "where_mixed": ({**BOUGHT, "aggregate": "count", "where": {"x": [1, "1"]}}, "of one type"),
    "where_huge": ({**BOUGHT, "aggregate": "count", "where": {"x": 2 * 10**18}}, "out of range"),
}


def test_a_bad_definition_is_named_with_its_file_and_line(shop: TraitShop) -> None:
    paths = {
        name: shop.define(f"bad_{name}", {"fine": TRAITS["bought"], name: bad})
        for name, (bad, _) in BAD.items()
    }
    lines = {name: path.read_text("utf-8").splitlines() for name, path in paths.items()}
    before = shop.dump("typed_traits")
    shop.define("typed_traits", {"size": {**TRAITS["last_size"], "type": "decimal"}})
    try:
        finished = shop.weft("build", "--as-of", AS_OF, "--select", "bad_*", "typed_traits")
    finally:
        for path in paths.values():
            path.unlink()
            path.with_suffix(".sql").unlink()
    assert finished.exit_code == 1
    failed = finished.output.splitlines()
    for name, (_, says) in BAD.items():
        number = next(
            n for n, line in enumerate(lines[name], 1) if line.strip().startswith(f'"{name}":')
        )
        said = next((line for line in failed if f" bad_{name}: " in line), finished.output)
        assert f"Trait {name} (models/traits/bad_{name}.yml:{number})" in said
        assert says in said
    # Another type is a fault as well, for those who read the column.
    assert "Trait size (models/traits/typed_traits.yml:9): it is VARCHAR in the" in finished.output
    assert "weft build --full-refresh --select typed_traits+" in finished.output
    assert shop.dump("typed_traits") == before


def test_a_day_begins_in_the_time_zone_of_the_project_and_may_have_23_hours(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shop = TraitShop(tmp_path_factory.mktemp("zone") / "shop")
    shop.configure("timezone: UTC", "timezone: Europe/Lisbon")
    shop.define("tried_traits", {"today": TRAITS["today"], **ZONED})
    shop.load(
        [
            # On 29 March 2026 Lisbon's clocks went from one to two: the day began at 00:00 UTC and
            # ended at 23:00 UTC.
            *(zoned(moment) for moment in ("2026-03-28T23:59", "2026-03-29T00:00")),
            *(zoned(moment) for moment in ("2026-03-29T22:59", "2026-03-29T23:00")),
            # 29 February 2028 is a day like any other.
            *(zoned(moment) for moment in ("2028-02-28T23:59", "2028-02-29T00:00")),
        ]
    )
    found = {}
    chosen = ("--select", "+tried_traits")
    for as_of in ("2026-03-29", "2026-03-30", "2028-02-29"):
        shop.build_models(*chosen, as_of=as_of)
        chosen = ("--select", "tried_traits")
        [row] = shop.dump("tried_traits")
        found[as_of] = tuple(row[name] for name in ("today", "two_days", "day_of_hours", "since"))
    assert found == {
        # Twenty-four hours of a day of 23 begin an hour before it.
        "2026-03-29": (2, 3, 3, 0),
        "2026-03-30": (1, 3, 1, 0),
        "2028-02-29": (1, 2, 1, 0),
    }
    assert [shop.last_build("tried_traits")[name] for name in ("build", "is_full")] == [3, False]


ZONED: Definitions = {
    "two_days": {**BOUGHT, "aggregate": "count", "window": "2 days"},
    "day_of_hours": {**BOUGHT, "aggregate": "count", "window": "24 hours"},
    "since": {**BOUGHT, "aggregate": "days_since"},
}


def zoned(moment: str) -> Event:
    stamp = f"{moment}:00.000Z"
    times = dict.fromkeys(("timestamp", "receivedAt", "sentAt", "originalTimestamp"), stamp)
    return {"type": "track", "event": "Bought", "userId": "ana", "messageId": moment, **times}
