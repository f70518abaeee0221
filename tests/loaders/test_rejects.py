"""Rejected lines are kept once, however often their file is read."""

import json

from tests.loaders.desk import Desk, Event
from tests.loaders.examples import track


def test_a_file_that_is_read_again_brings_its_rejects_once(desk: Desk) -> None:
    lines: list[Event | str] = [track(), "broken", track(type="unknown"), "broken"]
    desk.land(*lines)
    desk.land(*lines, name="two.ndjson")
    kept = desk.rows("select * from weft.rejects order by uri, line")
    assert [row["line"] for row in kept] == [2, 3, 4] * 2
    total = desk.load(reload=True).total
    assert (total.read, total.duplicate, total.rejected) == (8, 2, 6)
    assert desk.rows("select * from weft.rejects order by uri, line") == kept


def test_a_line_that_is_another_now_is_another_reject(desk: Desk) -> None:
    path = desk.write([track(), "broken", "broken too"])
    desk.load()
    path.write_text(f"{json.dumps(track())}\nbroken\nbroken in another way\n")
    desk.load()
    rows = desk.rows("select load_id, line, raw from weft.rejects order by load_id, line")
    assert [tuple(row.values()) for row in rows] == [
        (1, 2, "broken"),
        (1, 3, "broken too"),
        (2, 3, "broken in another way"),
    ]
