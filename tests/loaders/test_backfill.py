"""Archived files of a period: which they are, and what landing them again adds."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

import loaders.load
from loaders.backfill import BackfillReport, backfill, day_of
from loaders.report import LoadReport
from tests.loaders.desk import Desk
from tests.loaders.examples import page, track
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import find_project
from warehouse.runs import record_run

DAYS = [
    ("dt=2026-03-01/a.json", date(2026, 3, 1)),
    ("y/2026/03/01/a.json.gz", date(2026, 3, 1)),
    ("web-20260301.ndjson", date(2026, 3, 1)),
    ("2026-02-28/dt=2026-03-01/a", date(2026, 3, 1)),
    ("s3://bucket/segment-logs/abc/1772323200000/f.gz", date(2026, 3, 1)),
    ("segment-logs/1772323200000/2026.gz", date(2026, 3, 1)),
    ("2026-03-01T10-00.json", date(2026, 3, 1)),
    ("2026-13-01/a.json", None),
    ("order-120260301123.json", None),
    ("events.json", None),
]


@pytest.mark.parametrize(("uri", "day"), DAYS)
def test_a_path_may_name_a_day(uri: str, day: date | None) -> None:
    assert day_of(uri) == day


def _backfill(desk: Desk, first: str, last: str, *sources: str) -> BackfillReport:
    project = find_project(desk.folder)
    with (
        project.open() as warehouse,
        record_run(
            warehouse, command="backfill", target=project.target, as_of=project.today()
        ) as run,
    ):

        def land(source: str, uris: Sequence[str]) -> LoadReport:
            return loaders.load.load(
                warehouse, project, run=run, source=source, file_globs=list(uris), reload=True
            )

        return backfill(
            warehouse,
            project,
            land=land,
            first=date.fromisoformat(first),
            last=date.fromisoformat(last),
            sources=sources,
        )


def _at(moment: str, **fields: Any) -> dict[str, Any]:
    return track(timestamp=moment, sentAt="2026-04-01T00:00:00Z", **fields)


@pytest.mark.every_engine
def test_what_is_missing_of_a_period_lands_again(desk: Desk) -> None:
    desk.land(_at("2026-03-01T10:00:00Z", messageId="a"), _at("2026-03-05T10:00:00Z"), name="one")
    desk.land(_at("2026-03-09T10:00:00Z", messageId="z"), name="two")
    desk.land(page(timestamp="2026-03-02T23:59:59Z", messageId="p"), name="three")
    for table in ("tracks", "signed_up"):
        desk.warehouse.execute(f"delete from web.{table} where id = 'a'")
    report = _backfill(desk, "2026-03-02", "2026-03-05")
    assert report.archives["web"].files == ["events/one", "events/three"]
    total = report.loads["web"].total
    assert (total.landed, total.duplicate) == (1, 2)
    assert desk.values("select count(*) from web.tracks") == [3]
    again = _backfill(desk, "2026-03-02", "2026-03-05").loads["web"].total
    assert (again.landed, again.duplicate) == (0, 3)


def test_files_that_never_landed_are_found_by_the_day_of_their_path(desk: Desk) -> None:
    desk.write([track()], "2026-03-01.ndjson")
    desk.write([track()], "2026-03-03.ndjson")
    desk.write([track()], "events.ndjson")
    report = _backfill(desk, "2026-03-01", "2026-03-02")
    assert report.archives["web"].files == ["events/2026-03-01.ndjson"]
    assert report.archives["web"].undated == ["events/events.ndjson"]
    assert report.loads["web"].total.landed == 1


def test_days_are_those_of_the_project(desk: Desk) -> None:
    desk.land(_at("2026-03-01T23:30:00Z"))
    (desk.folder / "dbt_project.yml").write_text(
        "name: shop\nprofile: shop\nvars: {timezone: Europe/Berlin}\n"
    )
    assert not _backfill(desk, "2026-03-01", "2026-03-01").archives["web"].files
    assert _backfill(desk, "2026-03-02", "2026-03-02").archives["web"].files


def test_a_file_that_is_gone_is_named(desk: Desk) -> None:
    desk.land(_at("2026-03-01T10:00:00Z"))
    (desk.folder / "events" / "one.ndjson").unlink()
    report = _backfill(desk, "2026-03-01", "2026-03-01")
    assert report.archives["web"].missing == ["events/one.ndjson"]
    assert report.loads == {}


def test_a_wrong_period_or_source_is_refused(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="has no day"):
        _backfill(desk, "2026-03-02", "2026-03-01")
    with pytest.raises(UnknownNameError, match="did you mean 'web'"):
        _backfill(desk, "2026-03-01", "2026-03-02", "wbe")
