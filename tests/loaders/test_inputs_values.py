"""Arrays, values one after the other, and batches become one text per event."""

import gzip
import json
from pathlib import Path

import pytest

from loaders.inputs.formats import Format, Input, sniff
from tests.loaders.desk import Desk
from tests.loaders.examples import identify, track
from tests.loaders.reading import Line, needs_wiring, read_path

VALUES = ['{"id": "A-\\u00e9",\n "n": 1.10}', "5", '{"k": 12345678901234567890123}', "[1, 2]", "{}"]


def _raws(lines: list[Line]) -> list[str]:
    return [line.raw for line in lines]


def _read(tmp_path: Path, text: str, format: Format = "json") -> list[Line]:
    path = tmp_path / "events.json"
    path.write_bytes(text.encode())
    return read_path(path, format)[0]


OBJECTS = [value for value in VALUES if value.startswith("{")]


@pytest.mark.parametrize(
    "text",
    [
        "[" + ",\n".join(VALUES) + "]\n",
        "\ufeff [" + " , ".join(VALUES) + "] ",
        f"[{', '.join(VALUES[:2])}]\n[{', '.join(VALUES[2:])}]",
    ],
)
def test_values_of_an_array_keep_their_text(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == [Line(place, raw) for place, raw in enumerate(VALUES, 1)]


@pytest.mark.parametrize("between", ["", " ", "\n", "\r\n\r\n", "\t"])
def test_values_one_after_the_other_keep_their_text(tmp_path: Path, between: str) -> None:
    lines = _read(tmp_path, between.join(OBJECTS))
    assert lines == [Line(place, raw) for place, raw in enumerate(OBJECTS, 1)]


@pytest.mark.parametrize("text", ["", " \n", "[]", "[ ]\n"])
def test_nothing_is_no_value(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "values", "rest"),
    [
        ('[{"a": 1}, {"b": }, {"c": 1}]', ['{"a": 1}'], '{"b": }, {"c": 1}]'),
        ('[{"a": 1}, {"b": 2}', ['{"a": 1}', '{"b": 2}'], ""),
        ('{"a": 1}{"b"', ['{"a": 1}'], '{"b"'),
        ('{"a": 1}\n\nerror', ['{"a": 1}'], "error"),
        ("]", [], "]"),
        ("[" * 3, [], "["),
    ],
)
def test_what_stands_before_a_mistake_is_read_and_the_rest_is_kept(
    tmp_path: Path, text: str, values: list[str], rest: str
) -> None:
    lines = _read(tmp_path, text)
    assert _raws(lines[:-1]) == values
    last = lines[-1]
    assert last.fault == "not valid JSON"
    assert last.raw.strip("[") == rest.strip("[")


def test_a_lone_surrogate_costs_nobody_else_its_place(tmp_path: Path) -> None:
    values = ['{"a": "\\ud83d"}', '{"b": 1}']
    assert _raws(_read(tmp_path, f"[{', '.join(values)}]")) == values


def test_a_value_larger_than_duckdb_takes_is_read(tmp_path: Path) -> None:
    large = json.dumps({"text": "x" * 20_000_000})
    assert _raws(_read(tmp_path, f"[1, {large}, 2]")) == ["1", large, "2"]


def test_values_before_the_damage_of_a_gzip_are_read(tmp_path: Path) -> None:
    path = tmp_path / "events.json.gz"
    values = [json.dumps({"n": n, "text": f"{n * 7919}"}) for n in range(1000)]
    content = gzip.compress(f"[{','.join(values)}]".encode())
    path.write_bytes(content[: len(content) // 2])
    lines, figures = read_path(path, "json")
    assert 100 < len(lines) < 1000
    assert _raws(lines[:-1]) == values[: len(lines) - 1]
    assert lines[-1].fault == "the file is damaged: the gzip data ends early"
    assert figures.size == path.stat().st_size


BATCH = {
    "batch": [
        {"type": "track", "messageId": "1"},
        {"type": "page", "sentAt": "own", "context": {"ip": "9", "x": {"b": 2}}, "properties": {}},
        {"sentAt": None, "context": None, "traits": {"gone": None}, "userId": 12345678901234567890},
        "no event",
    ],
    "sentAt": "2026-03-01T10:00:00Z",
    "receivedAt": "2026-03-01T10:00:01Z",
    "context": {"ip": "1", "x": {"a": 1}},
    "integrations": {"All": False},
    "writeKey": "k",
}


@pytest.mark.parametrize("indent", [None, 2])
def test_items_of_a_batch_take_what_they_lack_from_it(tmp_path: Path, indent: int | None) -> None:
    alone = '{"type": "alias", "note": "\\"batch\\""}'
    text = f"{json.dumps(BATCH, indent=indent)}\n{alone}\n{json.dumps(BATCH)}\n"
    lines = _read(tmp_path, text)
    assert [line.line for line in lines] == list(range(1, 10))
    assert lines[4].raw == alone
    assert _raws(lines[:4]) == _raws(lines[5:])
    shared = {
        "receivedAt": "2026-03-01T10:00:01Z",
        "integrations": {"All": False},
    }
    sent = {"sentAt": "2026-03-01T10:00:00Z"}
    first, second, third = (json.loads(line.raw) for line in lines[:3])
    context = {"ip": "1", "x": {"a": 1}}
    assert first == {"type": "track", "messageId": "1", "context": context, **sent, **shared}
    merged = {"ip": "9", "x": {"a": 1, "b": 2}}
    own = {"type": "page", "sentAt": "own", "properties": {}}
    assert second == {**own, "context": merged, **shared}
    kept = {"traits": {"gone": None}, "userId": 12345678901234567890}
    assert third == {**kept, "context": context, **sent, **shared}
    assert lines[3].raw == '"no event"'


def test_a_batch_beside_a_mistake_is_unpacked_too(tmp_path: Path) -> None:
    lines = _read(tmp_path, json.dumps({"batch": [{"a": 1}, {"b": 2}]}) + "oops")
    assert _raws(lines) == ['{"a":1}', '{"b":2}', "oops"]


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b'{"a": 1}\n{"b"', "ndjson"),
        (b'{"a": 1}', "ndjson"),
        (b'\xef\xbb\xbf{"a": 1}\r\n', "ndjson"),
        (b"oops\n", "ndjson"),
        (b'{"a": oops}\n{}', "ndjson"),
        (b'{"a": 1}{"b": 2}\n', "json"),
        (b'{\n  "a": 1\n}', "json"),
        (b'{"a": {"b": [\n 1]}}', "json"),
        (b" \n[1]", "json"),
        (b'{"batch": [], "sentAt": "x"}\n', "json"),
        (b'{"batch": 5}\n', "ndjson"),
        (b"PAR1\x15\x04", "parquet"),
    ],
)
def test_the_first_bytes_tell_the_format(head: bytes, format: Format) -> None:
    assert sniff(head, Input("auto")) == format


@needs_wiring
def test_batches_and_arrays_land(desk: Desk) -> None:
    (desk.folder / "weft.yml").write_text("sources:\n  web: {files: events/*, format: auto}\n")
    sent = "2026-03-01T12:00:00Z"
    batch = {"batch": [track(sentAt=None), identify(sentAt=None)], "sentAt": sent}
    desk.write([json.dumps(batch)], "batch.json")
    desk.write([json.dumps([track(), track(), 5], indent=1)], "array.json.gz")
    desk.write([track(), "broken"], "lines.ndjson")
    total = desk.load().total
    assert (total.files, total.read, total.landed, total.rejected) == (3, 7, 5, 2)
    assert desk.values("select extract(hour from sent_at) from web.identifies") == [12]
    formats = desk.values("select format from weft.loads order by uri")
    assert formats == ["json", "json", "ndjson"]
    assert desk.load().total.skipped == 3


@needs_wiring
def test_an_archive_of_segment_lands_with_its_four_times(desk: Desk) -> None:
    event = track(
        originalTimestamp="2026-03-01T01:00:00Z",
        timestamp="2026-03-01T02:00:00Z",
        sentAt="2026-03-01T03:00:00Z",
        receivedAt="2026-03-01T04:00:00Z",
        channel="client",
        projectId="p",
        version=2,
        writeKey="k",
        integrations={},
        _metadata={"bundled": ["Segment.io"]},
    )
    folder = desk.folder / "events" / "segment-logs" / "p" / "1772323200000"
    folder.mkdir(parents=True)
    (folder / "1.gz").write_bytes(gzip.compress(json.dumps(event).encode() + b"\n"))
    (desk.folder / "weft.yml").write_text(
        "sources:\n  web: {files: 'events/segment-logs/**/*.gz'}\n"
    )
    assert desk.load().total.landed == 1
    times = "original_timestamp, timestamp, sent_at, received_at"
    (row,) = desk.rows(f"select {times} from web.tracks")
    assert [time.hour for time in row.values()] == [1, 2, 3, 4]
    assert not {"channel", "project_id", "write_key", "integrations"} & desk.types("tracks").keys()


@needs_wiring
def test_a_dump_of_rudderstack_lands(desk: Desk) -> None:
    event = track(
        timestamp=None,
        originalTimestamp="2026-03-01T01:00:00.000Z",
        sentAt="2026-03-01T01:00:01.000Z",
        receivedAt="2026-03-01T01:00:02.000+00:00",
        channel="web",
        rudderId="r",
        request_ip="192.0.2.1",
        integrations={"All": True},
    )
    desk.write([event], "rudder.json.gz")
    assert desk.load().total.landed == 1
    (row,) = desk.rows("select timestamp, received_at from web.tracks")
    assert [(time.minute, time.second) for time in row.values()] == [(0, 1), (0, 2)]
