"""Who may be sent: consent, suppression, and which of a person's identifiers."""

from pathlib import Path

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver
from warehouse.errors import BlockedError, ConfigurationError, UnknownNameError
from warehouse.suppressions import suppress

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)

CONSENT = (
    "select * from (values ('ada@example.com', 'Ada', 1, {ada}), ('bob@example.com', 'Bob', 2,"
    " {bob})) as t(email, name, spent, may_email)"
)


def test_consent_that_is_null_is_none(house: House, receiver: Receiver) -> None:
    house.settings |= {"require": "may_email", "guard": {"max_removed_rows": 5}}
    house.write()
    house.build(CONSENT.format(ada="true", bob="null"))
    report = house.push()
    assert set(receiver.members) == {"ada@example.com"}
    plan = house.plan()
    assert (plan.withheld, plan.suppressed, plan.unchanged, report.planned.added) == (1, 0, 1, 1)
    house.build(CONSENT.format(ada="null", bob="true"))
    assert house.push().succeeded.removed == 1
    assert set(receiver.members) == {"bob@example.com"}


@pytest.mark.parametrize(
    ("column", "error", "said"),
    [
        ("may_emial", UnknownNameError, r"exposures.yml:\d+; did you mean 'may_email'"),
        ("name", ConfigurationError, "is no boolean but VARCHAR"),
    ],
)
def test_consent_needs_a_boolean_column(
    house: House, column: str, error: type[Exception], said: str
) -> None:
    house.settings["require"] = column
    house.write()
    house.build(CONSENT.format(ada="true", bob="true"))
    with pytest.raises(error, match=said):
        house.plan()


def test_nobody_with_consent_left_is_an_empty_model(house: House) -> None:
    house.settings["require"] = "may_email"
    house.write()
    house.build(CONSENT.format(ada="true", bob="true"))
    house.push()
    house.build(CONSENT.format(ada="false", bob="null"))
    with pytest.raises(BlockedError, match="The model has 0 rows"):
        house.push()


def test_a_suppressed_key_is_removed_and_never_added_again(
    house: House, receiver: Receiver
) -> None:
    house.fill([ADA, BOB])
    house.push()
    assert suppress(house.warehouse, [("email", " ADA@example.com ")], "asked") == 1
    assert suppress(house.warehouse, [("email", "ada@example.com")], "asked") == 0
    plan = house.plan()
    assert (plan.removed, plan.suppressed, plan.unchanged) == (1, 1, 1)
    house.push()
    assert set(receiver.members) == {"bob@example.com"}
    assert not house.plan().has_changes


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "ada@example.com"), ("email", "old@example.com"), ("phone", "+4912")],
)
@pytest.mark.every_engine
def test_a_row_is_suppressed_by_any_column_of_the_type(
    house: House, receiver: Receiver, kind: str, value: str
) -> None:
    house.settings |= {"key": "profile_id", "fields": {"phone": "number"}}
    house.write()
    house.build(
        "select 'p1' as profile_id, 'ada@example.com' as email, '+4912' as number,"
        " ['old@example.com', 'ada@example.com'] as email_all"
        " union all select 'p2', 'bob@example.com', '+4913', null"
    )
    suppress(house.warehouse, [(kind, value)], "asked")
    house.push()
    assert set(receiver.members) == {"p2"}
    assert house.plan().suppressed == 1


def test_a_value_of_another_type_suppresses_nothing(house: House) -> None:
    house.settings |= {"key": "name", "fields": {"email": "email"}}
    house.write()
    house.fill([ADA])
    suppress(house.warehouse, [("phone", "ada@example.com")], "asked")
    assert house.plan().added == 1


def test_a_register_that_cannot_be_read_stops_everything(house: House, receiver: Receiver) -> None:
    house.fill([ADA])
    house.warehouse.execute("alter table weft.suppressions rename column value_hash to hash")
    with pytest.raises(BlockedError, match="register of suppressions .* cannot be read"):
        house.push()
    assert receiver.requests == []


@pytest.fixture
def people(tmp_path: Path, receiver: Receiver) -> House:
    built = House(tmp_path, destination=webhook(receiver.url), key="profile_id")
    built.settings["fields"] = {"email": "email"}
    built.write()
    built.build("select 'p1' as profile_id, 'new@x' as email union all select 'p2', 'two@x'")
    built.warehouse.execute(
        "create table shop.profile_identifiers as select * from (values"
        " ('p1', 'email', 'new@x', timestamp '2026-01-02'),"
        " ('p1', 'email', 'old@x', timestamp '2026-01-01'),"
        " ('p1', 'user_id', 'u1', timestamp '2026-01-01'),"
        " ('p2', 'email', 'two@x', timestamp '2026-01-01'))"
        " as t(profile_id, identifier_type, identifier_value, first_seen_at)"
    )
    return built


@pytest.mark.parametrize(
    ("choice", "of_first"),
    [
        ("last", "new@x"),
        ("first", "old@x"),
        ("all", ["old@x", "new@x"]),
        ({"email": "first"}, "old@x"),
    ],
)
@pytest.mark.every_engine
def test_which_of_a_persons_emails_is_sent(
    people: House, receiver: Receiver, choice: object, of_first: object
) -> None:
    with people:
        people.settings["identifiers"] = choice
        people.write()
        people.push()
        assert receiver.members["p1"] == {"email": of_first}
        assert not people.plan().has_changes


def test_all_emails_as_keys_are_a_row_each(people: House, receiver: Receiver) -> None:
    with people:
        people.settings |= {"identifiers": "all", "key": "email", "fields": {"id": "profile_id"}}
        people.write()
        people.push()
        assert receiver.members == {
            "old@x": {"id": "p1"},
            "new@x": {"id": "p1"},
            "two@x": {"id": "p2"},
        }
        suppress(people.warehouse, [("email", "old@x")], "asked")
        people.settings["guard"] = {"max_removed_percent": 100}
        people.write()
        people.push()
        assert set(receiver.members) == {"new@x", "two@x"}


def test_another_choice_of_identifiers_is_another_mapping(people: House) -> None:
    with people:
        people.push()
        people.settings["identifiers"] = "first"
        people.write()
        plan = people.plan()
        assert plan.mapping_changed
        assert plan.changed == 1


def test_identifiers_name_a_type_that_exists(people: House) -> None:
    with people:
        people.settings["identifiers"] = {"emial": "all"}
        people.write()
        with pytest.raises(UnknownNameError, match="identifier type 'emial'.*'email'"):
            people.plan()
