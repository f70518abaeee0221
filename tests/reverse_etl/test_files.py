"""The files destination."""

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House
from warehouse.crash_points import FILE_POINTS
from warehouse.errors import ConfigurationError

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)


def files(tmp_path: Path, format: str = "csv", contents: str = "changes") -> House:
    settings = {"type": "files", "folder": "out", "format": format, "contents": contents}
    return House(tmp_path, destination=settings, guard={"max_removed_percent": 100})


def test_csv_holds_the_changes_of_the_run(tmp_path: Path) -> None:
    with files(tmp_path) as house:
        house.fill([ADA, BOB])
        house.push(run_id="first")
        house.fill([(ADA[0], "Ada L.", 10), ("eve@example.com", "Eve", 30)])
        report = house.push(run_id="second")
        path = tmp_path / "out" / "customers_to_crm" / "second.csv"
        assert report.files == (path,)
        header, *rows = path.read_text("utf-8").splitlines()
        assert header == '"operation","key","name","total"'
        assert sorted(rows) == [
            '"add","eve@example.com","Eve",30',
            '"change","ada@example.com","Ada L.",10',
            '"remove","bob@example.com","Bob",20',
        ]
        assert (report.succeeded.added, report.succeeded.total) == (1, 3)
        assert not house.plan().has_changes


def test_csv_values_are_unambiguous(tmp_path: Path) -> None:
    with files(tmp_path) as house:
        house.build(
            """select '=1+1' as email, 'a "b", c' || chr(10) || 'd' as name, '' as empty,
            null::varchar as missing, '007' as code, 1.50::decimal(9, 4) as spent, true as fan,
            [1, 2] as list"""
        )
        house.settings["fields"] = "*"
        house.write()
        [path] = house.push().files
        text = path.read_bytes().decode()
        _, row = text.split("\n", 1)
        assert row == ('"add","=1+1","007","=1+1","",true,"[1,2]",,"a ""b"", c\nd",1.5\n')
        [read] = csv.DictReader(text.splitlines(keepends=True))
        assert read["name"] == 'a "b", c\nd'


def test_jsonl_has_an_object_per_row(tmp_path: Path) -> None:
    with files(tmp_path, "jsonl") as house:
        house.fill([ADA])
        [path] = house.push().files
        [line] = path.read_text("utf-8").splitlines()
        assert json.loads(line) == {
            "operation": "add",
            "key": "ada@example.com",
            "fields": {"name": "Ada", "total": 10},
        }


def test_no_change_no_file(tmp_path: Path) -> None:
    with files(tmp_path) as house:
        house.fill([ADA])
        house.push(run_id="first")
        report = house.push(run_id="second")
        assert (report.state, report.files) == ("unchanged", ())
        assert [path.name for path in (tmp_path / "out").rglob("*.csv")] == ["first.csv"]


def test_a_folder_that_cannot_be_written_fails_the_rows(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with files(tmp_path) as house:
        house.fill([ADA])
        report = house.push()
        assert (report.exit_code, report.waiting, report.files) == (1, 1, ())
        assert "cannot be written" in str(report.error)
        assert house.acknowledged() == {}
        (tmp_path / "out").unlink()
        assert house.push().succeeded.added == 1


def test_a_field_with_the_name_of_a_column_is_refused(tmp_path: Path) -> None:
    with files(tmp_path) as house:
        house.fill([ADA])
        house.settings["fields"] = {"key": "name"}
        house.write()
        with pytest.raises(ConfigurationError, match="a column 'key' of its own"):
            house.plan()


def test_a_run_id_never_leaves_the_folder(tmp_path: Path) -> None:
    with files(tmp_path) as house:
        house.fill([ADA])
        [path] = house.push(run_id="../../../etc/x").files
        assert path.parent == tmp_path / "out" / "customers_to_crm"


def test_more_rows_than_a_row_group_of_the_warehouse(tmp_path: Path) -> None:
    with files(tmp_path) as house:
        house.build("select 'k' || i as email, 'n' as name, i as spent from range(130000) t(i)")
        report = house.push()
        assert report.succeeded.added == 130_000
        [path] = report.files
        assert len(path.read_text("utf-8").splitlines()) == 130_001
        assert house.plan().unchanged == 130_000


def test_parquet_keeps_types_and_digits(tmp_path: Path) -> None:
    with files(tmp_path, "parquet") as house:
        house.build(
            """select 'ada@example.com' as email, 9007199254740993 as big,
            12345678901234567890.123456789::decimal(38, 9) as spent, 0.1::double as rate,
            true as fan, date '2024-02-29' as born, null::integer as nothing,
            timestamp '2024-02-29 12:30:00.25' as seen, '007' as code, [1, 2] as list,
            timestamptz '2024-02-29 12:30:00+02:00' as joined"""
        )
        house.settings["fields"] = "*"
        house.write()
        [path] = house.push().files
        [row] = parquet.read_table(path).to_pylist()
    assert row == {
        "operation": "add",
        "key": "ada@example.com",
        "email": "ada@example.com",
        "big": 9007199254740993,
        "spent": Decimal("12345678901234567890.123456789"),
        "rate": 0.1,
        "fan": True,
        "born": date(2024, 2, 29),
        "nothing": None,
        "seen": datetime(2024, 2, 29, 12, 30, 0, 250000),
        "code": "007",
        "list": "[1,2]",
        "joined": datetime(2024, 2, 29, 10, 30, tzinfo=UTC),
    }


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_snapshot_holds_every_row_by_key(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out" / f"customers_to_crm.{format}"

    def held() -> list[tuple[str, str]]:
        if format == "parquet":
            return [(row["key"], row["name"]) for row in parquet.read_table(path).to_pylist()]
        if format == "csv":
            with path.open(encoding="utf-8", newline="") as lines:
                return [(row["key"], row["name"]) for row in csv.DictReader(lines)]
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return [(row["key"], row["fields"]["name"]) for row in rows]

    with files(tmp_path, format, "snapshot") as house:
        house.fill([BOB, ADA])
        assert house.push().files == (path,)
        assert held() == [("ada@example.com", "Ada"), ("bob@example.com", "Bob")]
        house.fill([(ADA[0], "Ada L.", 10), ("eve@example.com", "Eve", 30)])
        house.push()
        assert held() == [("ada@example.com", "Ada L."), ("eve@example.com", "Eve")]
        before = path.stat().st_mtime_ns
        house.push()
        assert path.stat().st_mtime_ns == before


POINTS = ("after_intent", *FILE_POINTS, "before_snapshot_commit")


@pytest.mark.parametrize(
    ("point", "contents"),
    [
        *((point, "snapshot") for point in POINTS),
        ("before_rename", "changes"),
        *(
            pytest.param(point, "changes", marks=pytest.mark.slow)
            for point in POINTS
            if point != "before_rename"
        ),
    ],
)
def test_a_crash_leaves_a_whole_file_or_none(tmp_path: Path, point: str, contents: str) -> None:
    with files(tmp_path, "jsonl", contents) as house:
        house.fill([ADA, BOB])
    assert run_and_die(tmp_path, point) == 137
    found = list((tmp_path / "out").rglob("*.jsonl"))
    for path in found:
        assert len(path.read_text("utf-8").splitlines()) == 2
    assert bool(found) == (point in ("after_rename", "before_snapshot_commit"))
    with files(tmp_path, "jsonl", contents) as house:
        report = house.push()
        assert report.succeeded.added == 2
        [path] = report.files
        assert len(path.read_text("utf-8").splitlines()) == 2
        assert not house.plan().has_changes
