"""A file lands once, and of an appended one only what is new."""

import gzip
import hashlib
import json
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.files import Ledger, find_files
from loaders.inputs.formats import Input, is_unfinished
from tests.loaders.desk import Desk
from tests.loaders.examples import track
from tests.loaders.reading import Line, find, needs_wiring, read, read_new
from warehouse.project import find_project
from warehouse.system_tables import migrate


def _append(path: Path, text: str) -> None:
    with path.open("a", newline="") as file:
        file.write(text)


@pytest.mark.every_engine
def test_an_appended_file_is_read_from_where_it_ended(desk: Desk) -> None:
    path = desk.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n', "one")
    assert read_new(desk) == [Line(1, '{"a": 1}')]
    assert read_new(desk) == []
    _append(path, '{"b": 2}\n')
    assert read_new(desk) == [Line(3, '{"b": 2}')]
    _append(path, '\n{"c": 3}\n{"d": 4}')
    assert read_new(desk) == [Line(5, '{"c": 3}'), Line(6, '{"d": 4}')]
    _append(path, "\n7\n")
    assert read_new(desk) == [Line(7, "7")]
    assert find(desk) == []


def test_the_ledger_keeps_the_checksum_of_all_that_has_landed(desk: Desk) -> None:
    path = desk.write_bytes(b"1\n", "one")
    read_new(desk)
    _append(path, '2\n{"half')
    read_new(desk)
    rows = desk.rows("select size, byte_offset, checksum from weft.loads order by size")
    assert [tuple(row.values()) for row in rows] == [
        (2, 2, hashlib.sha256(b"1\n").hexdigest()),
        (10, 4, hashlib.sha256(b"1\n2\n").hexdigest()),
    ]


def test_a_half_written_line_waits_for_its_end(desk: Desk) -> None:
    path = desk.write_bytes(b'1\n{"text": "\xc3', "one")
    assert read_new(desk) == [Line(1, "1")]
    assert find(desk) == []
    with path.open("ab") as file:
        file.write(b'\xa9"')
    assert find(desk) == []
    _append(path, "}")
    assert read_new(desk) == [Line(2, '{"text": "é"}')]
    assert find(desk) == []


def test_the_ledger_tells_which_files_wait(desk: Desk) -> None:
    migrate(desk.warehouse)
    ledger = Ledger(desk.warehouse, "web")
    desk.write_bytes(b"1\n{", "one")
    desk.write_bytes(b"{", "two")
    files = find_files(find_project(desk.folder), ["events/*"])
    assert [ledger.find(file) is None for file in files] == [False, True]
    assert ledger.waiting == {"events/two"}
    assert [one.waiting for one in read(files[0])[1]] == [True]


def test_a_file_that_is_only_half_a_line_waits_whole(desk: Desk) -> None:
    path = desk.write_bytes(b'{"a":', "one")
    assert find(desk) == []
    _append(path, "\n")
    assert read_new(desk) == [Line(1, '{"a":')]


def test_a_line_that_grew_while_it_waited_across_chunks_lands_once(desk: Desk) -> None:
    long = '{"text": "' + "x" * 9_000_000
    path = desk.write_bytes(f"1\n{long}".encode(), "one")
    assert read_new(desk) == [Line(1, "1")]
    _append(path, '"}\n2\n')
    assert read_new(desk) == [Line(2, long + '"}'), Line(3, "2")]


def test_a_file_rewritten_in_what_has_landed_is_read_whole(desk: Desk) -> None:
    desk.write_bytes(b"1\n2\n", "one")
    read_new(desk)
    desk.write_bytes(b"0\n2\n3\n", "one")
    assert [line.raw for line in read_new(desk)] == ["0", "2", "3"]
    desk.write_bytes(b"0\n", "one")
    assert [line.raw for line in read_new(desk)] == ["0"]
    desk.write_bytes(b"1\n2\n", "one")
    assert find(desk) == []


def test_a_compressed_file_that_changed_is_read_whole(desk: Desk) -> None:
    path = desk.write_bytes(b"1\n", "one.gz")
    assert len(read_new(desk)) == 1
    with path.open("ab") as file:
        file.write(gzip.compress(b"2\n{"))
    assert [line.raw for line in read_new(desk)] == ["1", "2", "{"]
    assert find(desk) == []


def test_an_array_that_changed_is_read_whole(desk: Desk) -> None:
    desk.write_bytes(b"[1]", "one.json")
    assert read_new(desk, Input("auto")) == [Line(1, "1")]
    assert find(desk, Input("auto")) == []
    desk.write_bytes(b"[1, 2]", "one.json")
    assert read_new(desk, Input("auto")) == [Line(1, "1"), Line(2, "2")]


def test_a_reload_reads_files_from_their_start(desk: Desk) -> None:
    path = desk.write_bytes(b"1\n", "one")
    read_new(desk)
    _append(path, "2\n{")
    assert [line.raw for line in read_new(desk, reload=True)] == ["1", "2"]
    assert find(desk) == []


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        (b"", False),
        (b"  \r", False),
        (b"\xef\xbb\xbf", False),
        (b'{"a": 1}', False),
        (b"{", True),
        (b"nul", True),
        (b"[" * 200_000, False),
        (b'{"a": "\xff"}', True),
    ],
)
def test_what_is_no_value_yet_waits(text: bytes, waits: bool) -> None:
    assert is_unfinished(text) is waits


LINES = st.lists(
    st.sampled_from(["", " ", '{"a": "é"}', '{"b": [1, {}]}', "{}", '{"a": 1}\r', '"\\\\"']),
    min_size=1,
    max_size=8,
)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(LINES, st.sets(st.integers(1, 90), max_size=6), st.booleans())
def test_a_file_that_grows_by_any_bytes_is_read_once(
    lines: list[str], cuts: set[int], has_mark: bool
) -> None:
    content = b"\xef\xbb\xbf" * has_mark + "".join(line + "\n" for line in lines).encode()
    places = [0, *sorted(cut for cut in cuts if cut < len(content)), len(content)]
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "shop")
        path = desk.write_bytes(b"", "one")
        found: list[Line] = []
        for start, end in pairwise(places):
            with path.open("ab") as file:
                file.write(content[start:end])
            found += read_new(desk)
        desk.warehouse.close()
    assert found == [
        Line(number, line.removesuffix("\r"))
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]


@needs_wiring
def test_appended_events_land_once_and_the_half_written_one_later(desk: Desk) -> None:
    first, second, third = (json.dumps(track()) for _ in range(3))
    path = desk.write_bytes(f"{first}\n{second[:30]}".encode(), "one")
    total = desk.load().total
    assert (total.read, total.landed, total.rejected) == (1, 1, 0)
    assert desk.load().total.read == 0
    _append(path, f"{second[30:]}\n{third}\nbroken\n")
    total = desk.load().total
    assert (total.read, total.landed, total.duplicate, total.rejected) == (3, 2, 0, 1)
    assert desk.values("select line from weft.rejects") == [4]
    assert desk.values("select count(*) from web.tracks") == [3]


@needs_wiring
def test_a_reload_lands_nothing_twice(desk: Desk) -> None:
    desk.land(track(), track(messageId=None))
    total = desk.load(reload=True).total
    assert (total.read, total.landed, total.duplicate) == (2, 0, 2)
    assert desk.load().total.skipped == 1
