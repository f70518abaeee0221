"""The rules of identity: what is wrong is named, and odd values are values."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.scaffold import write_project
from tests.dbt_project.identity_world import Call, IdentityWorld
from warehouse.dbt import build, parse
from warehouse.errors import ConfigurationError
from warehouse.project import find_project

TYPES = "['user_id', 'email']"
WRONG = {
    "identifier_rules([])": "identity: there must be at least one identifier.",
    "identifier_rules([{'type': 'A', 'from': ['a']}])": "identifiers: A: `type` must be a word",
    "identifier_rules([{'type': 'a'}])": "identifiers: a: `from` must be a list of columns.",
    "identifier_rules([{'type': 'a', 'from': 'a'}])": "identifiers: a: `from` must be a list",
    "identifier_rules([{'type': 'a', 'from': ['a'], 'uniqe': true}])": (
        "identifiers: a: there is no setting 'uniqe'; known: type, unique"
    ),
    "identifier_rules([{'type': 'a', 'from': ['a']}, {'type': 'a', 'from': ['b']}])": (
        "identifiers: each type may stand there once; they are: a, a."
    ),
    "identifier_rules([{'type': 'a', 'from': ['a'], 'normalize': ['upper']}])": (
        "identifiers: a: there is no normalisation 'upper'; known: trim, lower, e164."
    ),
    "identifier_rules([{'type': 'a', 'from': ['a'], 'limit': 0}])": (
        "identifiers: a: `limit` must be a whole number from 1"
    ),
    "identifier_rules([{'type': 'a', 'from': ['a'], 'limit': {'count': 2, 'window': '1 year'}}])": (
        "identifiers: a: limit: `window` must be a number of hours, days or weeks"
    ),
    "identifier_rules([{'type': 'a', 'from': ['a'], 'limit': {'cuont': 2}}])": (
        "identifiers: a: limit: there is no setting 'cuont'; known: count, window."
    ),
    "identifier_rules([{'type': 'a', 'from': ['a'], 'unique': true, 'limit': 2}])": (
        "identifiers: a: a unique type has one value; leave out `limit`."
    ),
    "identifier_rules([{'type': 'a', 'from': ['a'], 'block': {'value': ['x']}}])": (
        "identifiers: a: block: there is no setting 'value'; known: values, patterns."
    ),
    "block_rules('identity: block', {'patterns': ['^a$', 'b(']}, true)": (
        "identity: block: 'b(' is no regular expression"
    ),
    f"pair_rules('never_link', ['email: a'], {TYPES})": (
        "never_link: 1: it must be a list of two, each 'type: value'."
    ),
    f"pair_rules('never_link', [['email: a', 'mail: b']], {TYPES})": (
        "never_link: 1: there is no identifier type 'mail'; known: user_id, email."
    ),
    f"pair_rules('always_link', [['email: a', 'email:']], {TYPES})": (
        "always_link: 1: a side must be 'type: value'; email has no value."
    ),
    f"pair_rules('always_link', [['email: a', 'email: a']], {TYPES})": (
        "always_link: 1: its two sides are the same."
    ),
    f"model_rules([{{'model': 'crm', 'id': 'id'}}], {TYPES})": (
        "models: crm: it lacks `identifiers`."
    ),
    f"model_rules([{{'model': 'crm', 'id': 'i', 'identifiers': {{'mail': 'm'}}}}], {TYPES})": (
        "models: crm: there is no identifier type 'mail'; known: user_id, email."
    ),
}
GIVEN = "{% if execute %}{% do weft.RULE %}{% endif %} select 1 as one"


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What dbt says of each wrong rule, all in one build."""
    folder = tmp_path_factory.mktemp("rules")
    write_project(folder)
    for number, rule in enumerate(WRONG):
        model = folder / "models" / f"wrong_{number}.sql"
        model.write_text(GIVEN.replace("RULE", rule))
    options = ["--select", *(f"wrong_{number}" for number in range(len(WRONG)))]
    result = build(find_project(folder), as_of=date(2026, 9, 29), run_id="test", options=options)
    by_name = {node.name: node.message for node in result.failures}
    return {rule: by_name.get(f"wrong_{number}", "") for number, rule in enumerate(WRONG)}


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_rule_is_named(messages: dict[str, str], rule: str) -> None:
    assert WRONG[rule] in messages[rule]


def test_a_wrong_rule_stops_everything_before_it_starts(tmp_path: Path) -> None:
    rules: dict[str, Any] = {
        "identifiers": [{"type": "email", "from": ["email"]}],
        "never_link": [["email: a@b.de", "email: c@d.de"]],
        "always_link": [["email: c@d.de", "email: a@b.de"]],
    }
    world = IdentityWorld(tmp_path / "world", rules)
    message = "always_link makes email: a@b.de and email: c@d.de one; take one of the rules out."
    with pytest.raises(ConfigurationError, match=message):
        parse(world.project)


START = datetime(2026, 9, 1)
ODD = [
    "o'brien\"; drop table x; --",
    "{{ 1 }} {% raw %}",
    "line one\nline two\ttab",
    "ümläut 漢字 🙂",
    "email: x",
    "%_\\",
    "long " + "x" * 10_000,
]
RULES: dict[str, Any] = {
    "identifiers": [
        {"type": "user_id", "unique": True, "from": ["user_id"]},
        {"type": "email", "normalize": ["lower"], "from": ["email"]},
        {"type": "anonymous_id", "from": ["anonymous_id"]},
    ],
    "models": [
        {"model": "contacts", "id": "id", "identifiers": {"user_id": "user_id", "email": "email"}}
    ],
    # Whether quoted or not, and however it is written.
    "always_link": [["user_id: old account", {"user_id": "new account"}]],
    "never_link": [["anonymous_id: o'never", "email: EMAIL@x.de"]],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> IdentityWorld:
    world = IdentityWorld(tmp_path_factory.mktemp("odd"), RULES)

    def seen(hour: int, **values: str) -> Call:
        at = START + timedelta(hours=hour)
        return Call(f"{hour}-{len(values)}-{sorted(values.values())[0]}", at, values, at)

    late = Call("row", None, {"user_id": "first", "email": "late@x.de"}, is_contact=True)
    world.land(
        [
            *(seen(1, user_id=value, anonymous_id=value) for value in ODD),
            seen(2, user_id="old account", anonymous_id="laptop"),
            seen(3, user_id="new account", email="Me@x.de"),
            seen(4, anonymous_id="o'never", user_id="n"),
            seen(5, user_id="n", email="email@x.de"),
            late,
            seen(9, user_id="second", email="late@x.de"),
        ]
    )
    world.build()
    return world


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_value_is_a_value(world: IdentityWorld, value: str) -> None:
    ids = world.profile_ids()
    assert ids["user_id", value] == ids["anonymous_id", value]
    assert list(ids.values()).count(ids["user_id", value]) == 2


def test_what_is_always_linked_is_one_even_if_both_are_unique(world: IdentityWorld) -> None:
    ids = world.profile_ids()
    people = [("user_id", "old account"), ("user_id", "new account"), ("email", "me@x.de")]
    assert len({ids[one] for one in [*people, ("anonymous_id", "laptop")]}) == 1


def test_what_is_never_linked_is_two_and_the_latest_link_is_refused(world: IdentityWorld) -> None:
    ids = world.profile_ids()
    assert ids["anonymous_id", "o'never"] == ids["user_id", "n"] != ids["email", "email@x.de"]
    refused = (("user_id", "n"), ("email", "email@x.de"), "never_link")
    assert refused in world.answer().refused


def test_a_model_without_a_time_ranks_after_every_event(world: IdentityWorld) -> None:
    ids = world.profile_ids()
    assert ids["email", "late@x.de"] == ids["user_id", "second"] != ids["user_id", "first"]
