"""Bad input, a file per kind of it: every event ends in its tables or where its fault is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import sample_data
from loaders.report import SourceFigures
from tests.loaders.desk import Desk
from tests.loaders.examples import track
from tests.loaders.reading import needs_wiring

FOLDER = Path(sample_data.__file__).parent / "hostile"
ORDERS = "from web.order_completed order by length(id), id"
NOT_JSON = "not valid JSON"
NOBODY = "neither userId nor anonymousId"
TOO_DEEP = "nested deeper than 128 levels"


@dataclass(frozen=True)
class Case:
    """A file, and where its lines end.

    ``rejects`` gives the reason per line, ``discards`` are columns with the values that did not
    fit, ``rows`` what a query over the landed tables gives.
    """

    file: str
    landed: int
    sql: str = ""
    rows: list[Any] = field(default_factory=list)
    rejects: Mapping[int, str] = field(default_factory=dict)
    discards: list[tuple[str, str, str]] = field(default_factory=list)


CASES = [
    Case("byte_order_mark.ndjson", 2, f"select n {ORDERS}", [1, 2]),
    Case("crlf.ndjson", 2, f"select n {ORDERS}", [1, 2]),
    Case(
        "truncated.ndjson.gz",
        21,
        f"select n {ORDERS}",
        list(range(21)),
        rejects={22: "the file is damaged: the gzip data ends early"},
    ),
    Case("empty.ndjson", 0),
    Case("half_written_line.ndjson", 1, f"select n {ORDERS}", [1]),
    Case(
        "deep_nesting.ndjson",
        2,
        f"select id {ORDERS}",
        ["deep_nesting-1", "deep_nesting-4"],
        rejects={2: TOO_DEEP, 3: TOO_DEEP},
    ),
    Case(
        "lone_surrogates.ndjson",
        2,
        f"select text {ORDERS}",
        [None, "😀 a pair"],
        rejects={2: NOT_JSON, 3: NOT_JSON},
    ),
    Case(
        "nan_infinity.ndjson",
        5,
        f"select n {ORDERS}",
        [1.0, None, None, None, 2.5],
        discards=[
            ("n", "-Infinity", "does not fit double"),
            ("n", "Infinity", "does not fit double"),
            ("n", "NaN", "does not fit double"),
        ],
    ),
    Case(
        "big_integers.ndjson",
        7,
        f"select coalesce(n, user_id) {ORDERS}",
        [
            "1",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "-9223372036854775809",
            "1" + "0" * 40,
            "10000000000000000000007",
        ],
    ),
    Case(
        "duplicate_keys.ndjson",
        3,
        f"select user_id {ORDERS}",
        ["u1", "first", "u1"],
        discards=[("n", "2", "given twice")],
    ),
    Case(
        "colliding_names.ndjson",
        4,
        f"select camel_case {ORDERS}",
        [2, 3, None, None],
        discards=[("camel_case", "1", "collision")],
    ),
    Case(
        "reserved_words.ndjson",
        4,
        "select [event, _order, _select, _group, _table::varchar] from web._select"
        " union all select [event] from web._users union all select [event] from web._tracks",
        [["select", "a", "b", "c", "1"], ["users"], ["tracks"]],
        discards=[
            ("event", "e", "reserved"),
            ("id", "x", "reserved"),
            ("received_at", "r", "reserved"),
            ("timestamp", "z", "reserved"),
            ("user_id", "y", "reserved"),
        ],
    ),
    Case(
        "non_ascii_names.ndjson",
        2,
        "select [nullif(event, ''), event_text] from web.tracks order by id",
        [[None, "日本語"], ["gr_e_w_hlen", "Größe wählen"]],
        discards=[("日本", "x", "no name")],
    ),
    Case(
        "numeric_user_id.ndjson",
        5,
        f"select user_id {ORDERS}",
        ["42", "42", "1.5", "0", "true"],
        rejects={6: NOBODY},
    ),
    Case(
        "null_and_undefined_ids.ndjson",
        3,
        f"select user_id {ORDERS}",
        ["null", "undefined", None],
        rejects={4: NOBODY, 5: NOBODY},
    ),
    Case(
        "dates_with_offsets.ndjson",
        5,
        f'select "at"::varchar {ORDERS}',
        [
            "2026-03-01 04:30:00",
            "2026-03-01 18:00:00",
            "2026-02-28 23:30:00",
            "2026-03-01 10:00:00",
            "2026-03-01 10:00:00",
        ],
    ),
    Case(
        "odd_dates.ndjson",
        11,
        f'select case when timestamp < loaded_at then timestamp::varchar else "at" end {ORDERS}',
        [
            "2026-03-01 00:00:00",
            "2026-03-01 10:00:00",
            "03/01/2026",
            "Sun Mar 01 2026 10:00:00 GMT+0100",
            "1772359200",
            "1772359200000",
            "2026-02-30T10:00:00Z",
            "0000-00-00",
            "99999-01-01T00:00:00Z",
            "now",
            "",
        ],
    ),
]


def test_every_file_has_a_case_and_a_line_in_the_readme() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert {case.file for case in CASES} == files
    readme = (FOLDER / "README.md").read_text()
    assert [name for name in sorted(files) if f"`{name}`" not in readme] == []


def _parameter(case: Case) -> Any:
    waits = [needs_wiring] if case.file == "half_written_line.ndjson" else []
    return pytest.param(case, id=case.file, marks=waits)


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_bad_input_ends_where_it_should(desk: Desk, case: Case) -> None:
    (desk.folder / "events" / case.file).write_bytes((FOLDER / case.file).read_bytes())
    total = desk.load().total
    _check_sum(total)
    assert (total.landed, total.duplicate, total.blocked) == (case.landed, 0, 0)
    rejects = desk.rows("select line, reason from weft.rejects order by line")
    assert {row["line"]: row["reason"] for row in rejects} == case.rejects
    assert total.rejected == len(case.rejects)
    if case.landed:
        assert desk.values("select count(*) from web.tracks") == [case.landed]
    if case.sql:
        assert desk.values(case.sql) == case.rows
    assert [one[1:] for one in desk.discards()] == case.discards
    assert desk.load().total.skipped == 1


def test_a_line_of_20_megabytes_lands(desk: Desk) -> None:
    total = desk.land(track(), track(properties={"text": "é" * 10_000_000}), "x" * 20_000_000).total
    _check_sum(total)
    assert (total.landed, total.rejected) == (2, 1)
    assert desk.values("select max(length(text)) from web.signed_up") == [10_000_000]
    assert desk.values("select length(raw) from weft.rejects") == [20_000_000]


def _check_sum(total: SourceFigures) -> None:
    assert total.read == total.landed + total.duplicate + total.rejected + total.blocked
