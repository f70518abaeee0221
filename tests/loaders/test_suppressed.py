"""Events of suppressed identifiers never land, and nothing of them is kept."""

from pathlib import Path
from typing import Any

import pytest

from loaders.replay import replay_rejects
from tests.loaders.desk import Desk
from warehouse.errors import BlockedError
from warehouse.project import find_project
from warehouse.runs import record_run
from warehouse.suppressions import suppress

EVENTS: list[dict[str, Any]] = [
    {"type": "track", "event": "Seen", "messageId": "m1", "userId": "U1"},
    {"type": "track", "event": "Seen", "messageId": "m2", "anonymousId": "a1"},
    {"type": "alias", "messageId": "m3", "userId": "u9", "previousId": "a1"},
    {"type": "identify", "messageId": "m4", "userId": "u2", "traits": {"email": "Ada@x.com"}},
    {"type": "track", "event": "Seen", "messageId": "m5", "userId": "u3",
     "properties": {"email": "ada@x.com"}},
    {"type": "page", "messageId": "m6", "userId": "u4",
     "context": {"traits": {"email": " ada@x.com "}}},
    {"type": "track", "event": "Seen", "messageId": "m7", "userId": "ada@x.com"},
]  # fmt: skip
SUPPRESSED = [("user_id", "u1"), ("anonymous_id", "a1"), ("email", "ada@x.com")]


@pytest.fixture
def suppressing(tmp_path: Path) -> Desk:
    built = Desk(tmp_path / "desk")
    built.land({"type": "track", "event": "Other", "messageId": "m0", "userId": "u1"}, name="0")
    suppress(built.warehouse, SUPPRESSED, "asked")
    return built


@pytest.mark.every_engine
def test_suppressed_events_are_rejected_without_their_text(suppressing: Desk) -> None:
    report = suppressing.land(*EVENTS, "no event")
    assert (report.total.read, report.total.landed, report.total.rejected) == (8, 1, 7)
    rejects = suppressing.warehouse.rows(
        "select reason, raw from weft.rejects order by line, reason"
    )
    assert [row["reason"] for row in rejects] == ["suppressed"] * 6 + ["not valid JSON"]
    assert {row["raw"] for row in rejects[:6]} == {None}
    # A value of another type suppresses nothing: this user id only looks like an e-mail.
    [row] = suppressing.warehouse.rows("select id from web.tracks where id <> 'm0'")
    assert row["id"] == "m7"


def test_a_replay_lands_none_of_them(suppressing: Desk) -> None:
    suppressing.land(*EVENTS)
    project = find_project(suppressing.folder)
    with record_run(
        suppressing.warehouse, command="load", target="dev", as_of=project.today()
    ) as run:
        report = replay_rejects(suppressing.warehouse, project, [], run)
    assert report.total.tried == 0
    assert suppressing.warehouse.value("select count(*) as n from weft.rejects") == 6


def test_a_register_that_cannot_be_read_lands_nothing(suppressing: Desk) -> None:
    suppressing.warehouse.execute("alter table weft.suppressions rename column type to kind")
    with pytest.raises(BlockedError, match="register of suppressions"):
        suppressing.land(EVENTS[-1])
    assert suppressing.warehouse.value("select count(*) as n from web.tracks") == 1
