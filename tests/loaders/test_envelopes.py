"""Which lines are events, what their ids and times are, and which of them repeat."""

import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import Any

from tests.loaders.desk import Desk
from tests.loaders.examples import alias, group, identify, page, track

NO_EVENTS = [
    ("{", "not valid JSON"),
    ('{"type": "track"} {}', "not valid JSON"),
    ('{"userId": "\\ud800"}', "not valid JSON"),
    ("[1, 2]", "not a JSON object"),
    ('"text"', "not a JSON object"),
    (json.dumps(track(type=None)), "no type"),
    (json.dumps(track(type="tracks")), "unknown type"),
    (json.dumps(track(userId=None)), "neither userId nor anonymousId"),
    (json.dumps(track(userId=" \t", anonymousId="")), "neither userId nor anonymousId"),
    (json.dumps(track(userId={"a": 1})), "neither userId nor anonymousId"),
    (json.dumps(track(event=None)), "track without an event name"),
    (json.dumps(track(event=5)), "track without an event name"),
    (json.dumps(group(groupId=None)), "group without groupId"),
    (json.dumps(alias(previousId="")), "alias without userId or previousId"),
    (json.dumps(alias(userId=None, anonymousId="a")), "alias without userId or previousId"),
]


def test_a_line_that_is_no_event_is_kept_with_its_reason(desk: Desk) -> None:
    report = desk.land(*(line for no_event, _ in NO_EVENTS for line in (track(), no_event)))
    assert (report.total.landed, report.total.rejected) == (len(NO_EVENTS), len(NO_EVENTS))
    assert report.rejects == Counter(reason for _, reason in NO_EVENTS)
    columns = "line, reason, raw, source, uri, load_id"
    rows = desk.rows(f"select {columns} from weft.rejects order by line")
    assert [tuple(row.values()) for row in rows] == [
        (2 * number, reason, line, "web", "events/one.ndjson", 1)
        for number, (line, reason) in enumerate(NO_EVENTS, start=1)
    ]


def test_ids_are_strings_and_land_byte_by_byte(desk: Desk) -> None:
    ids = [12345678901234567890123, "null", "A3F0-Ünï", "{guid}", " spaced ", 'it\'s "q"\n']
    desk.land(*(track(messageId=f"m{number}", userId=one) for number, one in enumerate(ids)))
    landed = desk.values("select user_id from web.tracks order by id")
    assert landed == [str(one) for one in ids]


def test_an_id_that_is_blank_lands_as_none(desk: Desk) -> None:
    desk.land(track(userId="", anonymousId="a"))
    assert desk.values("select user_id from web.tracks") == [None]


def test_an_event_without_message_id_gets_one_from_its_source_and_line(desk: Desk) -> None:
    line = json.dumps(track(messageId=None))
    assert desk.land(line, line, "\n" + line).total.duplicate == 2
    expected = hashlib.sha256(f"web\n{line}".encode()).hexdigest()
    assert desk.values("select id from web.tracks") == [expected]


def test_the_first_received_of_a_repeated_id_lands(desk: Desk) -> None:
    late = track(messageId="m", sentAt="2026-03-02T00:00:00Z", properties={"n": 2})
    early = track(messageId="m", sentAt="2026-03-01T00:00:00Z", properties={"n": 1})
    report = desk.land(late, early, page(messageId="m", sentAt="2026-03-03T00:00:00Z"))
    assert (report.total.landed, report.total.duplicate) == (1, 2)
    assert desk.values("select n from web.signed_up") == [1]


def test_an_id_that_landed_in_any_call_table_is_a_duplicate(desk: Desk) -> None:
    events = [track(), identify(), page(), group(), alias(), page(type="screen")]
    desk.land(*events)
    again = [track(messageId=one["messageId"]) for one in events]
    assert desk.land(*again, name="two.ndjson").total.duplicate == 6


def test_ids_belong_to_their_source(desk: Desk) -> None:
    desk.write([track()])
    (desk.folder / "weft.yml").write_text(
        "sources:\n  web: {files: events/*}\n  app: {files: events/*}\n"
    )
    report = desk.load()
    assert {name: one.landed for name, one in report.sources.items()} == {"web": 1, "app": 1}


def _times(desk: Desk, **fields: Any) -> dict[str, str]:
    desk.land(track(**{"timestamp": None, "sentAt": None, **fields}))
    (row,) = desk.rows(
        "select original_timestamp, timestamp, sent_at, received_at, loaded_at from web.tracks"
    )
    return {
        name: "load" if value == row["loaded_at"] else f"{value:%H:%M:%S.%f}"[:-3]
        for name, value in row.items()
        if value is not None and name != "loaded_at"
    }


def test_with_a_server_clock_the_skew_of_the_client_is_corrected(desk: Desk) -> None:
    times = _times(
        desk,
        timestamp="2026-03-01T19:11:01.152Z",
        sentAt="2026-03-01T19:11:01.169Z",
        receivedAt="2026-03-01T19:11:01.266Z",
    )
    assert times == {
        "original_timestamp": "19:11:01.152",
        "timestamp": "19:11:01.249",
        "sent_at": "19:11:01.169",
        "received_at": "19:11:01.266",
    }


def test_an_archived_event_keeps_its_four_times(desk: Desk) -> None:
    times = _times(
        desk,
        originalTimestamp="2026-03-01T01:00:00Z",
        timestamp="2026-03-01T02:00:00Z",
        sentAt="2026-03-01T03:00:00Z",
        receivedAt="2026-03-01T04:00:00Z",
    )
    assert times == {
        "original_timestamp": "01:00:00.000",
        "timestamp": "02:00:00.000",
        "sent_at": "03:00:00.000",
        "received_at": "04:00:00.000",
    }


def test_with_a_server_clock_but_no_sent_at_nothing_is_corrected(desk: Desk) -> None:
    times = _times(desk, timestamp="2026-03-01T01:00:00Z", receivedAt="2026-03-01T04:00:00Z")
    assert times["timestamp"] == times["original_timestamp"] == "01:00:00.000"


def test_without_a_server_clock_nothing_is_corrected(desk: Desk) -> None:
    times = _times(
        desk,
        originalTimestamp="2026-03-01T01:00:00Z",
        timestamp="2026-03-01T02:00:00Z",
        sentAt="2026-03-01T03:00:00Z",
    )
    assert times["timestamp"] == times["original_timestamp"] == "01:00:00.000"
    assert times["received_at"] == "03:00:00.000"


def test_without_any_clock_the_event_has_the_time_of_its_load(desk: Desk) -> None:
    assert _times(desk) == {
        "original_timestamp": "load",
        "timestamp": "load",
        "received_at": "load",
    }


TIMES = [
    ("2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8)),
    ("2026-03-01T10:00:00-0530", datetime(2026, 3, 1, 15, 30)),
    ("2026-03-01 10:00:00", datetime(2026, 3, 1, 10)),
    ("2026-3-01T10:00:00.276Z", datetime(2026, 3, 1, 10, 0, 0, 276000)),
    ("2026-03-01", datetime(2026, 3, 1)),
    ("03/01/2026", None),
    ("infinity", None),
    ("99999-01-01", None),
    ("", None),
    (1772359200000, None),
    ({"a": 1}, None),
]


def test_times_of_the_envelope_are_read_leniently(desk: Desk) -> None:
    desk.land(
        *(track(messageId=f"{number:02}", sentAt=text) for number, (text, _) in enumerate(TIMES))
    )
    landed = desk.values("select sent_at from web.tracks order by id")
    assert landed == [expected for _, expected in TIMES]
