"""The sample shop's files: fresh, small, countable, harmless, and as odd as they claim to be."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sample_data import ANSWERS, FIRST_DAY, HERE, NEXT_DAY, SOURCES
from sample_data.generate import committed, fresh, main

FOLDERS = {"first_day": FIRST_DAY, "next_day": NEXT_DAY}
FILES = [(batch, source) for batch in FOLDERS for source in SOURCES]
CALL_TYPES = {"track", "page", "screen", "identify", "group", "alias"}

Event = dict[str, Any]


@cache
def answers() -> Any:
    return json.loads(ANSWERS.read_text(encoding="utf-8"))


@cache
def lines(batch: str, source: str) -> list[str]:
    path = FOLDERS[batch] / f"{source}.ndjson.gz"
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def is_event(line: str) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    has_identity = bool(event.get("userId") or event.get("anonymousId"))
    has_name = event.get("type") != "track" or bool(event.get("event"))
    return event.get("type") in CALL_TYPES and has_identity and has_name


@cache
def events(batch: str, source: str) -> list[Event]:
    """The valid lines of one file, repeated ones included."""
    return [json.loads(line) for line in lines(batch, source) if is_event(line)]


def all_events(*batches: str) -> Iterator[Event]:
    for batch, source in FILES:
        if batch in (batches or FOLDERS):
            yield from events(batch, source)


@cache
def by_id() -> dict[str, Event]:
    return {event["messageId"]: event for event in all_events()}


@cache
def all_text() -> str:
    return "\n".join(line for batch, source in FILES for line in lines(batch, source))


@cache
def all_identifiers(batch: str) -> set[tuple[str, str]]:
    """Every identifier sent up to the end of a batch, in the form the answers write it."""
    found: set[tuple[str, str]] = set()
    for event in all_events(*(["first_day"] if batch == "first_day" else [])):
        traits = event.get("traits") or {}
        found.add(("user_id", event.get("userId") or ""))
        found.add(("anonymous_id", event.get("anonymousId") or ""))
        found.add(("anonymous_id", event.get("previousId") or ""))
        found.add(("email", traits.get("email", "").strip().lower()))
        found.add(("phone", "+" + re.sub(r"\D", "", traits.get("phone", ""))))
    return found


@cache
def sent_values() -> set[str]:
    """Every identifier and message id that a reader could look for."""
    return {value for _, value in all_identifiers("next_day")} | by_id().keys()


def peculiar(name: str) -> list[str]:
    found: list[str] = answers()["peculiarities"][name]
    return found


def group_of(batch: str, identifier: str) -> tuple[str, ...]:
    """The values that the answers put together with this one."""
    for person in answers()["people"][batch]:
        values = tuple(value for _, value in person["identifiers"])
        if identifier in values:
            return values
    raise LookupError(identifier)


def time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def true_time(event: Event) -> datetime:
    original: str = event.get("originalTimestamp") or event["timestamp"]
    return time(event["receivedAt"]) - (time(event["sentAt"]) - time(original))


def test_committed_files_equal_a_fresh_generation() -> None:
    generated = fresh()
    assert len(generated) == len(FILES) + 1
    assert {
        path: content == committed(path) for path, content in generated.items()
    } == dict.fromkeys(generated, True)


def test_check_names_the_file_that_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = FIRST_DAY / "web.ndjson.gz"
    monkeypatch.setattr("sample_data.generate.fresh", lambda: {path: b"something else\n"})
    assert main(["--check"]) == 1
    assert "first_day/web.ndjson.gz differs" in capsys.readouterr().err


def test_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in HERE.glob("*/*.ndjson.gz")) <= 2_000_000


def test_compressed_files_carry_no_time() -> None:
    for path in HERE.glob("*/*.ndjson.gz"):
        assert path.read_bytes()[4:8] == bytes(4)


@pytest.mark.parametrize(("batch", "source"), FILES)
def test_counts_add_up(batch: str, source: str) -> None:
    counts = answers()["counts"][batch][source]
    parts = ("landed", "duplicate", "rejected", "blocked")
    assert counts["read"] == sum(counts[part] for part in parts) == len(lines(batch, source))
    assert counts["rejected"] == sum(not is_event(line) for line in lines(batch, source))
    ids = Counter(event["messageId"] for event in events(batch, source))
    before = {event["messageId"] for event in events("first_day", source)}
    known = before if batch == "next_day" else set()
    assert counts["landed"] == len(ids.keys() - known)


@pytest.mark.parametrize(("batch", "source"), FILES)
def test_rows_add_up(batch: str, source: str) -> None:
    rows = dict(answers()["rows"][batch][source])
    calls = {"tracks", "identifies", "pages", "screens", "groups", "aliases"}
    landed = sum(number for table, number in rows.items() if table in calls)
    assert landed == answers()["counts"][batch][source]["landed"]
    assert rows["tracks"] == sum(n for table, n in rows.items() if table not in calls)


def test_batches_hold_what_was_received_on_their_days() -> None:
    first = {event["receivedAt"][:10] for event in all_events("first_day")}
    assert (min(first), max(first)) == ("2026-07-02", "2026-09-29")
    repeated = set(peculiar("duplicate_next_day"))
    new = [event for event in all_events("next_day") if event["messageId"] not in repeated]
    assert {event["receivedAt"][:10] for event in new} == {"2026-09-30"}


def test_nothing_happened_after_it_was_received() -> None:
    assert all(true_time(event) <= time(event["receivedAt"]) for event in all_events())


def test_archive_lines_are_corrected_already() -> None:
    archived = [event for event in all_events() if "originalTimestamp" in event]
    assert archived
    assert all(true_time(event) == time(event["timestamp"]) for event in archived)


def test_every_address_is_at_example_com() -> None:
    hosts = {host.lower() for host in re.findall(r"@([\w.-]+\.[A-Za-z]{2,})", all_text())}
    assert hosts == {"example.com"}


def test_telephone_numbers_are_reserved_for_fiction() -> None:
    reserved = re.compile(r"\+(1\d{3}55501\d\d|447700900\d{3}|3363998\d{4}|493023125\d{3})")
    sent = {value for kind, value in all_identifiers("next_day") if kind == "phone"} - {"+"}
    assert len(sent) > 100
    assert [number for number in sent if not reserved.fullmatch(number)] == []


def test_all_call_types_and_event_names_occur() -> None:
    assert {event["type"] for event in all_events("first_day")} == CALL_TYPES
    assert {event.get("event") for event in all_events("first_day")} - {None} == {
        "Products Searched",
        "Product List Viewed",
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Cart Viewed",
        "Checkout Started",
        "Order Completed",
        "Order Refunded",
        "Coupon Applied",
        "Newsletter Subscribed",
        "Signed Up",
        "Signed In",
    }


def test_every_order_is_sent_once() -> None:
    orders = [event for event in by_id().values() if event.get("event") == "Order Completed"]
    assert len({order["properties"]["order_id"] for order in orders}) == len(orders)


@pytest.mark.parametrize("batch", FOLDERS)
def test_answers_refer_to_identifiers_that_were_sent(batch: str) -> None:
    told = [
        tuple(identifier)
        for person in answers()["people"][batch]
        for identifier in person["identifiers"]
    ]
    assert len(told) == len(set(told))
    assert set(told) <= all_identifiers(batch)
    for members in answers()["audiences"][batch].values():
        assert {tuple(member) for member in members} <= set(told)
        assert members == sorted(members)
    assert {("user_id", user_id) for user_id in answers()["traits"][batch]} <= set(told)


@pytest.mark.parametrize("batch", FOLDERS)
def test_people_have_at_most_one_account_and_no_placeholder(batch: str) -> None:
    for person in answers()["people"][batch]:
        assert sum(kind == "user_id" for kind, _ in person["identifiers"]) <= 1
        assert not {"null", "00000000-0000-0000-0000-000000000000"} & {
            value for _, value in person["identifiers"]
        }


@pytest.mark.parametrize(
    "audience", ["high_value_customers", "lapsed_customers", "cart_abandoners"]
)
def test_audiences_have_members_who_enter_and_leave(audience: str) -> None:
    first, following = (
        {tuple(member) for member in answers()["audiences"][batch][audience]} for batch in FOLDERS
    )
    assert 40 <= len(first) <= 150
    assert len(following - first) >= 3
    assert len(first - following) >= 3


def test_five_people_or_more_merge_on_the_next_day() -> None:
    first, following = (
        [{tuple(pair) for pair in person["identifiers"]} for person in answers()["people"][batch]]
        for batch in FOLDERS
    )
    merged = [after for after in following if sum(before <= after for before in first) >= 2]
    assert len(merged) >= 5


def test_readme_gives_an_example_of_every_peculiarity() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for name, identifiers in answers()["peculiarities"].items():
        assert set(identifiers) <= sent_values(), name
        assert any(f"`{one}`" in readme for one in identifiers), name


def test_readme_names_only_ids_that_occur() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:u-\d|ajs-next-|[0-9A-Fa-f]{8}-)[^`\s]*)`", readme)
    assert len(named) > 20
    assert set(named) <= sent_values()


def test_duplicates_are_identical_lines() -> None:
    found: dict[str, list[str]] = {}
    for line in (line for batch, source in FILES for line in lines(batch, source)):
        if is_event(line):
            found.setdefault(json.loads(line)["messageId"], []).append(line)
    repeated = peculiar("duplicate_first_day") + peculiar("duplicate_next_day")
    assert {one for one, same in found.items() if len(same) > 1} == set(repeated)
    assert all(len(set(same)) == 1 for same in found.values())
    first = {event["messageId"] for event in all_events("first_day")}
    assert first & set(peculiar("duplicate_next_day"))


def test_broken_lines_are_of_every_kind() -> None:
    broken = [
        line for batch, source in FILES for line in lines(batch, source) if not is_event(line)
    ]
    parsed = []
    unparsed = []
    for line in broken:
        try:
            parsed.append(json.loads(line))
        except ValueError:
            unparsed.append(line)
    assert any(line.startswith("{") for line in unparsed)
    assert any(not line.startswith("{") for line in unparsed)
    assert {} in parsed
    assert any(event.get("type", "track") not in CALL_TYPES for event in parsed)
    assert any(event.get("type") == "track" and "event" not in event for event in parsed)
    assert any(event and "userId" not in event and "anonymousId" not in event for event in parsed)


def test_a_property_changes_its_type() -> None:
    def positions(batch: str) -> set[type]:
        viewed = [e for e in all_events(batch) if e.get("event") == "Product Viewed"]
        repeated = set(peculiar("duplicate_next_day")) if batch == "next_day" else set()
        return {type(e["properties"]["position"]) for e in viewed if e["messageId"] not in repeated}

    assert positions("first_day") == {int}
    assert positions("next_day") == {int, str}


def test_a_property_appears_on_the_next_day_only() -> None:
    assert not any("gift_wrap" in e.get("properties", {}) for e in all_events("first_day"))
    assert all(
        "gift_wrap" in by_id()[one]["properties"] for one in peculiar("property_only_next_day")
    )


def test_clocks_are_wrong_by_hours_and_by_a_year() -> None:
    wrong = [by_id()[one] for one in peculiar("wrong_clock") if one in by_id()]
    errors = [abs(time(event["receivedAt"]) - time(event["sentAt"])) for event in wrong]
    assert min(errors) > timedelta(hours=2)
    assert max(errors) > timedelta(days=360)
    assert all(datetime(2026, 7, 2, tzinfo=UTC) <= true_time(event) for event in wrong)


def test_late_events_are_days_late_and_change_answers() -> None:
    for name in ("late_cart", "late_order"):
        late = [by_id()[one] for one in peculiar(name) if one in by_id()]
        assert min(time(event["receivedAt"]) - true_time(event) for event in late) > timedelta(
            days=1
        )
    audiences = answers()["audiences"]
    for user_id in (one for one in peculiar("late_cart") if one.startswith("u-")):
        assert ["user_id", user_id] not in audiences["first_day"]["cart_abandoners"]
        assert ["user_id", user_id] in audiences["next_day"]["cart_abandoners"]
    for user_id in (one for one in peculiar("late_order") if one.startswith("u-")):
        assert ["user_id", user_id] in audiences["first_day"]["cart_abandoners"]
        assert ["user_id", user_id] not in audiences["next_day"]["cart_abandoners"]


def test_placeholders_were_sent() -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    assert all(by_id()[one]["userId"] == "null" for one in peculiar("placeholder_user"))
    assert all(by_id()[one]["anonymousId"] == nobody for one in peculiar("placeholder_device"))
    both = [by_id()[one] for one in peculiar("placeholder_both")]
    assert {(event["userId"], event["anonymousId"]) for event in both} == {("null", nobody)}


def test_an_address_is_spelled_in_two_ways() -> None:
    (message_id,) = peculiar("email_spelling")
    spelled = by_id()[message_id]["traits"]["email"]
    assert spelled == " Ana.Lopez@Example.com "
    assert any(
        (e.get("traits") or {}).get("email") == spelled.strip().lower() for e in all_events()
    )


def test_a_person_has_two_devices_and_two_addresses() -> None:
    first, *others = peculiar("two_devices_two_emails")
    assert set(others) <= set(group_of("first_day", first))
    assert len(others) == 4


def test_a_known_visitor_was_anonymous_before() -> None:
    (device,) = peculiar("becomes_known")
    of_device = sorted(
        (event for event in all_events() if event.get("anonymousId") == device), key=true_time
    )
    assert of_device[0]["userId"] is None
    assert of_device[-1]["userId"] in group_of("first_day", device)


def test_the_shared_tablet_belongs_to_whoever_signed_in_first() -> None:
    tablet, owner, *others = peculiar("shared_tablet")
    used = [event for event in all_events() if event.get("anonymousId") == tablet]
    assert {event.get("userId") for event in used} == {owner, *others, None}
    signed_in = [event for event in used if event["userId"]]
    assert min(signed_in, key=true_time)["userId"] == owner
    assert owner in group_of("next_day", tablet)
    assert by_id()[peculiar("shared_tablet_signed_out")[0]]["anonymousId"] == tablet


def test_the_shared_address_belongs_to_the_account_that_had_it_first() -> None:
    sent = [by_id()[one] for one in peculiar("shared_email")]
    assert {event["traits"]["email"] for event in sent} == {"team@example.com"}
    assert len({event["userId"] for event in sent}) == len(sent) >= 3
    assert min(sent, key=true_time)["userId"] in group_of("next_day", "team@example.com")


def test_the_old_app_joins_by_alias_alone() -> None:
    for message_id in peculiar("alias_from_old_app"):
        alias = by_id()[message_id]
        assert "anonymousId" not in alias
        assert alias["previousId"] in group_of("next_day", alias["userId"])


def test_some_people_merge_in_special_ways() -> None:
    user_id, phone = peculiar("merges_next_day")
    assert phone not in group_of("first_day", user_id)
    assert phone in group_of("next_day", user_id)
    work, private, device = peculiar("merges_by_email")[:3]
    assert device in group_of("first_day", work)
    assert private not in group_of("first_day", work)
    assert {work, device} <= set(group_of("next_day", private))
    device, user_id = peculiar("guest_order_merges")[:2]
    assert ["anonymous_id", device] in answers()["audiences"]["first_day"]["high_value_customers"]
    assert device in group_of("next_day", user_id)
    one, other = peculiar("one_person_without_account")
    assert other in group_of("first_day", one)


def test_the_thresholds_are_met_to_the_cent_and_to_the_second() -> None:
    exactly, under = peculiar("threshold")
    traits, audiences = answers()["traits"]["first_day"], answers()["audiences"]
    assert traits[exactly]["lifetime_revenue"] == "500.00"
    assert traits[under]["lifetime_revenue"] == "499.99"
    assert ["user_id", exactly] in audiences["first_day"]["high_value_customers"]
    assert ["user_id", under] not in audiences["first_day"]["high_value_customers"]
    before, after = (["user_id", user_id] for user_id in peculiar("window_edge"))
    assert before in audiences["first_day"]["lapsed_customers"]
    assert after not in audiences["first_day"]["lapsed_customers"]
    assert after in audiences["next_day"]["lapsed_customers"]


def test_a_visit_goes_on_across_midnight() -> None:
    (device,) = peculiar("across_midnight")
    days = {
        event["receivedAt"][:10] for event in all_events() if event.get("anonymousId") == device
    }
    assert days == {"2026-09-29", "2026-09-30"}


def test_a_trait_is_taken_back() -> None:
    _, message_id = peculiar("trait_taken_back")
    assert by_id()[message_id]["traits"]["loyalty_tier"] is None


def test_names_come_from_several_scripts_and_orders_are_nested() -> None:
    text = all_text()
    assert all(name in text for name in ("O'Brien", "Groß", "佐藤", "ليلى", "Ελένη"))
    order = next(e for e in all_events("first_day") if e.get("event") == "Order Completed")
    assert isinstance(order["properties"]["products"], list)
    assert isinstance(order["properties"]["shipping_address"], dict)


def test_paths_point_into_the_package() -> None:
    assert Path(__file__).parents[2] / "sample_data" == HERE
