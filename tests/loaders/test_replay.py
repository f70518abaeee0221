"""Rejected lines and discarded values, tried again."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from loaders.replay import Replayed, ReplayReport, replay_discards, replay_rejects
from tests.loaders.desk import Desk
from tests.loaders.examples import group, identify, track
from warehouse.engines import Warehouse
from warehouse.errors import UnknownNameError
from warehouse.project import Project, find_project
from warehouse.runs import Run, record_run

Replay = Callable[[Warehouse, Project, Sequence[str], Run], ReplayReport]


def _replay(desk: Desk, function: Replay, *sources: str) -> Replayed:
    project = find_project(desk.folder)
    with (
        project.open() as warehouse,
        record_run(warehouse, command="load", target=project.target, as_of=project.today()) as run,
    ):
        return function(warehouse, project, sources, run).total


def _mend(desk: Desk, before: str, after: str) -> None:
    """Stands for a loader that has learned to read more: the stored line is one it can read."""
    desk.warehouse.execute("update weft.rejects set raw = replace(raw, ?, ?)", [before, after])


@pytest.mark.every_engine
def test_lines_that_are_events_now_land_once_and_leave_the_rejects(desk: Desk) -> None:
    events = [track(messageId=f"m{number}", type="trac") for number in range(3)]
    desk.land(*events, "{", track(messageId="m9"))
    assert _replay(desk, replay_rejects) == Replayed(tried=4, remaining=4)
    _mend(desk, '"trac"', '"track"')
    assert _replay(desk, replay_rejects) == Replayed(tried=4, landed=3, remaining=1)
    assert _replay(desk, replay_rejects) == Replayed(tried=1, remaining=1)
    assert desk.values("select raw from weft.rejects") == ["{"]
    landed = (
        "select id from web.{} join weft.loads using (load_id) where state = 'landed' order by id"
    )
    for table in ("tracks", "signed_up"):
        assert desk.values(landed.format(table)) == ["m0", "m1", "m2", "m9"]
    assert desk.rows("select format, read, landed, rejected from weft.loads where load_id = 2") == [
        {"format": "replay", "read": 3, "landed": 3, "rejected": 0}
    ]


def test_a_rejected_line_that_landed_otherwise_is_a_duplicate(desk: Desk) -> None:
    event = track(messageId="m", type="trac")
    desk.land(event, event)
    desk.land(event | {"type": "track"}, name="two.ndjson")
    _mend(desk, '"trac"', '"track"')
    assert _replay(desk, replay_rejects) == Replayed(tried=2, duplicate=2)
    assert desk.values("select count(*) from web.tracks") == [1]
    assert desk.values("select count(*) from weft.rejects") == [0]


def test_a_replayed_event_has_the_id_of_its_line(desk: Desk) -> None:
    line = json.dumps(track(messageId=None, type="trac"))
    desk.land(line)
    _mend(desk, '"trac"', '"track"')
    _replay(desk, replay_rejects)
    assert desk.land(line.replace("trac", "track"), name="two.ndjson").total.duplicate == 1


def test_lines_too_deep_do_not_hold_up_the_others(desk: Desk) -> None:
    deep = json.dumps(track(type="trac")).replace(
        '"userId"', f'"x":{"[" * 130}{"]" * 130},"userId"'
    )
    desk.land(deep, track(type="trac"))
    _mend(desk, '"trac"', '"track"')
    figures = _replay(desk, replay_rejects)
    assert (figures.tried, figures.landed + figures.remaining) == (2, 2)
    assert figures.landed >= 1


def test_replays_are_of_the_sources_named(desk: Desk) -> None:
    desk.land("{")
    with pytest.raises(UnknownNameError, match="did you mean 'web'"):
        _replay(desk, replay_rejects, "wep")
    with pytest.raises(UnknownNameError, match="did you mean 'web'"):
        _replay(desk, replay_discards, "wep")


def _misfits(desk: Desk, values: Sequence[Any], first: Any = True) -> None:
    desk.land(track(messageId="first", properties={"plan": first}))
    events = [
        track(messageId=f"m{number}", properties={"plan": value})
        for number, value in enumerate(values)
    ]
    desk.land(*events, name="two.ndjson")


@pytest.mark.every_engine
def test_values_go_into_their_rows_once_the_column_holds_them(desk: Desk) -> None:
    _misfits(desk, ["gold", False, 5])
    assert _replay(desk, replay_discards) == Replayed(tried=2, remaining=2)
    desk.warehouse.execute("alter table web.signed_up alter plan type varchar")
    assert _replay(desk, replay_discards) == Replayed(tried=2, landed=2)
    assert desk.values("select plan from web.signed_up order by id") == [
        "true",
        "gold",
        "false",
        "5",
    ]
    assert desk.discards() == []
    assert _replay(desk, replay_discards) == Replayed()


def test_a_value_that_still_does_not_fit_stays(desk: Desk) -> None:
    _misfits(desk, ["gold", "2.5"])
    desk.warehouse.execute("alter table web.signed_up alter plan type double using null")
    assert _replay(desk, replay_discards) == Replayed(tried=2, landed=1, remaining=1)
    assert [value for _, _, value, _ in desk.discards()] == ["gold"]
    assert desk.values("select plan from web.signed_up order by id") == [None, None, 2.5]


def test_a_value_that_is_set_is_never_overwritten(desk: Desk) -> None:
    _misfits(desk, ["gold"])
    desk.warehouse.execute("alter table web.signed_up alter plan type varchar")
    desk.warehouse.execute("update web.signed_up set plan = 'mine'")
    assert _replay(desk, replay_discards) == Replayed(tried=1, remaining=1)
    assert set(desk.values("select plan from web.signed_up")) == {"mine"}


def test_a_column_that_is_gone_or_reserved_takes_nothing(desk: Desk) -> None:
    _misfits(desk, ["gold"])
    desk.land(track(sentAt=None, properties={"sent_at": "x", "a b": 1, "aB": 2}), name="3.ndjson")
    desk.warehouse.execute("alter table web.signed_up drop plan")
    before = desk.discards()
    assert _replay(desk, replay_discards) == Replayed(tried=1, remaining=1)
    assert desk.discards() == before


def test_users_and_accounts_show_the_latest_value_of_a_replay(desk: Desk) -> None:
    desk.land(
        identify(traits={"plan": True}, sentAt="2026-03-01T00:00:00Z"),
        group(traits={"size": 1}, sentAt="2026-03-01T00:00:00Z"),
    )
    desk.land(
        identify(traits={"plan": "gold"}, sentAt="2026-03-03T00:00:00Z"),
        identify(traits={"plan": "iron"}, sentAt="2026-03-02T00:00:00Z"),
        group(traits={"size": "large"}, sentAt="2026-03-02T00:00:00Z"),
        name="two.ndjson",
    )
    for table, column in (("identifies", "plan"), ("groups", "size")):
        desk.warehouse.execute(f"alter table web.{table} alter {column} type varchar")
    # Values wait for the tables that show them.
    assert _replay(desk, replay_discards) == Replayed(tried=3, remaining=3)
    for table, column in (("users", "plan"), ("accounts", "size")):
        desk.warehouse.execute(f"alter table web.{table} alter {column} type varchar")
    assert _replay(desk, replay_discards).landed == 3
    assert desk.values("select plan from web.users") == ["gold"]
    assert desk.values("select size from web.accounts") == ["large"]


DOOR_YML = """
sources:
  web:
    files: events/*
    door:
      salt: "{{ env_var('WEFT_HASH_SALT') }}"
      hash: [userId]
      drop: [properties.card]
      rename: {properties.cc: kind}
"""


def test_what_passed_the_door_once_is_not_hashed_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_HASH_SALT", "pepper")
    (desk.folder / "weft.yml").write_text(DOOR_YML)
    taken = {"cc": 1, "kind": 2, "card": "secret"}
    desk.land(track(userId="u"), track(userId="u", type="trac"), "{")
    desk.land(track(type="trac", properties=taken), name="two.ndjson")
    _mend(desk, '"trac"', '"track"')
    # As if the rule had come after the line.
    _mend(desk, '"properties": {', '"properties": {"card": "secret", "cc": 1, ')
    assert _replay(desk, replay_rejects) == Replayed(tried=3, landed=2, remaining=1, discards=1)
    expected = hashlib.sha256(b"pepperu").hexdigest()
    assert desk.values("select count(*) from web.tracks where user_id = '" + expected + "'") == [2]
    assert "card" not in desk.types("signed_up")
