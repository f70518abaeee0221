"""Rows of Parquet and CSV files become events by a mapping of their columns."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.inputs.formats import Column, Format, Input, check_input
from loaders.inputs.settings import InputSettings
from tests.loaders.desk import Desk
from tests.loaders.reading import Line, needs_wiring, read_path
from warehouse.errors import WeftError

COLUMNS = {
    "messageId": Column("id"),
    "userId": Column("user"),
    "timestamp": Column("at"),
    "properties.total": Column("amount", "number"),
    "properties.is_gift": Column("gift", "boolean"),
    "properties.address.zip": Column("zip"),
    "context": Column("context"),
}
CONSTANTS = {"type": "track", "event": 'Order\'s "done"'}
CSV = """\
id,user,at,amount,gift,zip,context,other
1,007,2026-03-01 10:00:00,19.90,true,01234,"{""ip"": ""1""}",x
2,Ünï,2026-03-01,free,,"a, ""b""
c",,x
3,,,,,,nothing,
"""


def _read(path: Path, format: Format, columns: Any = COLUMNS) -> list[Line]:
    return read_path(path, format, columns=columns, constants=CONSTANTS)[0]


@pytest.mark.parametrize("form", ["plain", "gzip", "windows"])
def test_rows_of_csv_are_events(tmp_path: Path, form: str) -> None:
    path = tmp_path / "orders.csv"
    content = CSV.encode() if form != "windows" else CSV.replace("\n", "\r\n").encode("utf-8-sig")
    path.write_bytes(gzip.compress(content) if form == "gzip" else content)
    lines = _read(path, "csv")
    assert [(line.line, line.fault) for line in lines] == [(1, None), (2, None), (3, None)]
    assert '"total":19.90' in lines[0].raw or '"total":19.9' in lines[0].raw
    at = {"timestamp": "2026-03-01 10:00:00"}
    address = {"zip": "01234"}
    line_end = "\r\n" if form == "windows" else "\n"
    assert [json.loads(line.raw) for line in lines] == [
        {
            **CONSTANTS,
            **at,
            "messageId": "1",
            "userId": "007",
            "properties": {"total": 19.9, "is_gift": True, "address": address},
            "context": {"ip": "1"},
        },
        {
            **CONSTANTS,
            "messageId": "2",
            "userId": "Ünï",
            "timestamp": "2026-03-01",
            "properties": {"total": "free", "address": {"zip": f'a, "b"{line_end}c'}},
        },
        {**CONSTANTS, "messageId": "3", "properties": {"address": {}}, "context": "nothing"},
    ]


def test_a_row_of_csv_that_is_none_is_kept_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,user\n1,a\n2\n3,c,d\n4,e\n")
    lines = _read(path, "csv", {"userId": Column("user")})
    assert [json.loads(line.raw)["userId"] for line in lines if not line.fault] == ["a", "e"]
    broken = [(line.line, line.raw, (line.fault or "")[:23]) for line in lines if line.fault]
    assert broken == [(3, "2", "not valid CSV in line 3"), (4, "3,c,d", "not valid CSV in line 4")]


PARQUET_COLUMNS = {
    "messageId": Column("id"),
    "timestamp": Column("at"),
    "context": Column("context"),
    "properties.total": Column("amount"),
    "properties.text": Column("text"),
    "properties.json": Column("text", "json"),
    "properties.list": Column("list"),
    "properties.real": Column("real"),
}


def test_rows_of_parquet_are_events(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    rows = [
        {
            "id": 12345678901234567,
            "at": datetime(2026, 3, 1, 10, tzinfo=UTC),
            "amount": Decimal("19.90"),
            "context": {"ip": "1", "none": None},
            "text": '{"a": 1}',
            "list": [1, None],
            "real": float("nan"),
        },
        {name: None for name in ("id", "at", "amount", "context", "text", "list", "real")},
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    first, second = (json.loads(line.raw) for line in _read(path, "parquet", PARQUET_COLUMNS))
    properties = {
        "total": 19.9,
        "text": '{"a": 1}',
        "json": {"a": 1},
        "list": [1, None],
        "real": "nan",
    }
    assert first == {
        **CONSTANTS,
        "messageId": 12345678901234567,
        "timestamp": "2026-03-01T10:00:00.000000Z",
        "context": {"ip": "1"},
        "properties": properties,
    }
    assert second == {**CONSTANTS, "properties": {}}


def test_a_mapped_column_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("id,users\n1,a\n")
    with pytest.raises(WeftError, match=r"no column 'user' in .*orders.csv; did you mean 'us"):
        _read(path, "csv", {"userId": Column("user")})


@pytest.mark.parametrize("content", [b"", b"PAR1 and more", b"id,user\n"])
@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_file_without_rows_is_read(tmp_path: Path, content: bytes, format: Format) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    columns = {} if content and format == "csv" else COLUMNS
    lines = _read(path, format, columns)
    faults = ["the file is damaged" in (line.fault or "") for line in lines]
    assert faults == ([True] if format == "parquet" else [])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "needs columns"),
        (["userid"], "did you mean 'userId'"),
        (["userId.x"], "only to known fields: properties"),
        (["properties."], "only to known fields"),
        (["properties", "properties.a"], "properties is mapped twice"),
        (["properties.a", "properties.a.b"], "properties.a is mapped twice"),
        (["type"], "type is mapped twice"),
    ],
)
def test_a_mapping_that_makes_no_events_is_refused(fields: list[str], message: str) -> None:
    columns = {field: Column("x") for field in fields}
    with pytest.raises(ValueError, match=message):
        check_input(Input("csv", columns, {"type": "track"}))
    check_input(Input("csv", COLUMNS, CONSTANTS))


@needs_wiring
def test_csv_lands(desk: Desk) -> None:
    (desk.folder / "weft.yml").write_text("""
sources:
  web:
    files: events/*.csv
    format: csv
    type: track
    event: Order Completed
    columns:
      messageId: id
      userId: user
      timestamp: at
      properties.total: {column: amount, type: number}
      properties.address.zip: zip
""")
    desk.write_bytes(CSV.encode(), "orders.csv")
    total = desk.load().total
    assert (total.read, total.landed, total.rejected) == (3, 2, 1)
    rows = desk.rows("select id, user_id, total, address_zip from web.order_completed order by id")
    assert [tuple(row.values()) for row in rows] == [
        ("1", "007", "19.9", "01234"),
        ("2", "Ünï", "free", 'a, "b"\nc'),
    ]
    assert desk.load().total.skipped == 1


def test_settings_of_a_source_say_how_its_files_hold_events() -> None:
    settings = InputSettings.model_validate(
        {
            "format": "csv",
            "columns": {"userId": "user", "traits.age": {"column": "age", "type": "number"}},
            "type": "identify",
        }
    )
    columns = {"userId": Column("user"), "traits.age": Column("age", "number")}
    assert settings.input == Input("csv", columns, {"type": "identify"})
    assert InputSettings().input == Input()
    with pytest.raises(ValueError, match="needs columns"):
        InputSettings.model_validate({"format": "parquet"})
