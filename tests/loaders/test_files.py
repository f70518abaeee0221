"""Files land once, whole, whatever their names, compression and damage."""

import gzip
import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.loaders.desk import Desk
from tests.loaders.examples import track
from warehouse.errors import ConfigurationError, UnknownNameError


def test_a_file_lands_once(desk: Desk) -> None:
    assert desk.land(track(), track()).total.landed == 2
    again = desk.load().total
    assert (again.files, again.skipped, again.read) == (0, 1, 0)
    assert desk.values("select count(*) from web.tracks") == [2]


def test_the_ledger_names_the_file_and_its_figures(desk: Desk) -> None:
    path = desk.write([track(), "no event"], "one.ndjson.gz")
    desk.load()
    (row,) = desk.rows("select * from weft.loads")
    assert row["uri"] == "events/one.ndjson.gz"
    assert row["checksum"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert row["size"] == path.stat().st_size
    counts = [row[name] for name in ("load_id", "read", "landed", "duplicate", "rejected")]
    assert counts == [1, 2, 1, 0, 1]
    assert row["state"] == "landed"


def test_a_changed_file_lands_what_is_new(desk: Desk) -> None:
    first, second = track(), track()
    desk.land(first)
    assert desk.land(first, second).total.landed == 1
    assert desk.values("select load_id from web.tracks order by 1") == [1, 2]


def test_a_file_that_keeps_its_size_but_not_its_content_lands_again(desk: Desk) -> None:
    desk.land(track(messageId="aa"))
    assert desk.land(track(messageId="bb")).total.landed == 1


@pytest.mark.every_engine
def test_small_files_share_a_transaction_but_keep_their_loads(desk: Desk) -> None:
    events = [track() for _ in range(3)]
    for number, event in enumerate(events):
        desk.write([event, "broken"], f"{number}.ndjson")
    report = desk.load()
    assert [(one.load_id, one.landed, one.rejected) for one in report.loads] == [
        (1, 1, 1),
        (2, 1, 1),
        (3, 1, 1),
    ]
    rows = desk.rows("select id, load_id from web.tracks order by load_id")
    assert rows == [{"id": one["messageId"], "load_id": i} for i, one in enumerate(events, 1)]
    assert desk.values("select uri from weft.rejects order by load_id") == [
        f"events/{number}.ndjson" for number in range(3)
    ]


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a.ndjson.zst", "no-suffix"])
def test_compression_is_known_by_its_bytes(desk: Desk, name: str) -> None:
    content = json.dumps(track()).encode()
    if name.endswith(".zst"):
        content = pa.compress(content, "zstd", asbytes=True)
    elif name == "no-suffix":
        content = gzip.compress(content)
    desk.write_bytes(content, name)
    assert desk.load().total.landed == 1


def test_gzip_members_one_after_another_are_one_file(desk: Desk) -> None:
    members = [gzip.compress((json.dumps(track()) + "\n").encode()) for _ in range(3)]
    desk.write_bytes(b"".join(members), "members")
    assert desk.load().total.landed == 3


@pytest.mark.parametrize("damage", ["ends early", "is corrupt"])
def test_lines_before_the_damage_of_a_gzip_land(desk: Desk, damage: str) -> None:
    lines = "".join(json.dumps(track(properties={"n": n * 7919})) + "\n" for n in range(1000))
    content = gzip.compress(lines.encode())
    middle = len(content) // 2
    damaged = content[:middle]
    if damage == "is corrupt":
        damaged += b"\xff" * 500 + content[middle + 500 :]
    desk.write_bytes(damaged, "damaged")
    report = desk.load()
    assert 100 < report.total.landed < 1000
    assert sum(report.rejects.values()) == report.total.rejected
    assert report.rejects[f"the file is damaged: the gzip data {damage}"] == 1


def test_a_damaged_zstd_is_a_reject(desk: Desk) -> None:
    content = pa.compress((json.dumps(track()) + "\n").encode() * 3, "zstd", asbytes=True)
    desk.write_bytes(content[:-8], "a.zst")
    report = desk.load()
    assert report.total.rejected == 1


def test_byte_order_mark_line_ends_and_blank_lines_do_not_count(desk: Desk) -> None:
    first, second = json.dumps(track()).encode(), json.dumps(track()).encode()
    desk.write_bytes(
        b"\xef\xbb\xbf" + first + b"\r\n\r\n  \t\n" + second + b"\r\nx\r\n\n", "windows"
    )
    report = desk.load()
    assert (report.total.read, report.total.landed) == (3, 2)
    assert desk.rows("select line, raw from weft.rejects") == [{"line": 5, "raw": "x"}]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_events_lands_nothing_and_is_remembered(desk: Desk, content: bytes) -> None:
    desk.write_bytes(content, "empty")
    assert desk.load().total.read == 0
    assert desk.load().total.skipped == 1


def test_a_line_that_is_not_utf8_leaves_its_neighbours_alone(desk: Desk) -> None:
    lines = [json.dumps(track()).encode(), b'{"type": "\xff\xe9"}', json.dumps(track()).encode()]
    desk.write_bytes(b"\n".join(lines), "latin")
    assert desk.load().total.landed == 2
    assert desk.rows("select line, reason, raw from weft.rejects") == [
        {"line": 2, "reason": "not valid UTF-8", "raw": '{"type": "\\xff\\xe9"}'}
    ]


def test_a_path_may_hold_any_character(desk: Desk) -> None:
    names = ["a b.json", 'a "b".json', "a*[b]?.json", "a\\b.json", "it's.json"]
    for name in names:
        desk.write([track(), "broken"], name)
    assert desk.load().total.landed == len(names)
    uris = desk.values("select uri from weft.rejects order by uri")
    assert uris == sorted(f"events/{name}" for name in names)
    paths = [str(desk.folder / "events" / name) for name in names]
    assert desk.load(file_globs=paths, source="web").total.skipped == len(names)


def test_a_line_longer_than_a_chunk_lands(desk: Desk) -> None:
    desk.land(track(properties={"text": "x" * 9_000_000}), track())
    assert desk.values("select max(length(text)) from web.signed_up") == [9_000_000]


def test_a_pattern_that_matches_nothing_is_no_fault_of_a_source(desk: Desk) -> None:
    assert desk.load().total.files == 0


def test_named_files_replace_the_patterns_of_their_source(desk: Desk, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.ndjson"
    elsewhere.write_text(json.dumps(track()))
    desk.write([track(), track()])
    report = desk.load(file_globs=[str(elsewhere)], source="web")
    assert report.total.landed == 1
    assert desk.values("select uri from weft.loads") == [elsewhere.as_posix()]


def test_named_files_must_exist_and_belong_to_a_source(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=r"No file matches nowhere\.json"):
        desk.load(file_globs=["nowhere.json"], source="web")
    with pytest.raises(ConfigurationError, match="--source"):
        desk.load(file_globs=["events/*"])
    with pytest.raises(UnknownNameError, match="did you mean 'web'"):
        desk.load(["wep"])


def test_bytes_read_are_told_until_the_last(desk: Desk) -> None:
    told = []

    class Listener:
        def update(
            self, task: str, done: int, total: int | None, unit: str, rows: int | None = None
        ) -> None:
            told.append((task, done, total, unit, rows))

    path = desk.write([track()])
    desk.load(progress=Listener())
    size = path.stat().st_size
    assert told[-1] == ("load", size, size, "bytes", 1)
