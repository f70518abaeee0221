"""The loading half of ``weft backfill``: archived files of a period are landed again."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from loaders.files import find_files
from loaders.naming import CALL_TABLES
from loaders.report import LoadReport
from loaders.sources import choose_sources, read_sources
from warehouse.engines import Table, Warehouse
from warehouse.errors import ConfigurationError
from warehouse.project import Project
from warehouse.system_tables import LOADS

Land = Callable[[str, Sequence[str]], LoadReport]
"""Lands files of a source, by their URIs, whether they have landed or not."""

_DAY = re.compile(r"(?<![0-9])(20[0-9]{2})([-/_]?)([01][0-9])\2([0-3][0-9])(?![0-9])")
# Segment's archive: segment-logs/<source>/<start of the day in milliseconds>/<file>.
_MILLISECONDS = re.compile(r"/([0-9]{13})/")


@dataclass
class Archive:
    """What is known of a source's files and a period, as URIs.

    ``files`` hold events of the period; ``missing`` did when they landed, and are not there any
    more; of ``undated`` neither landed events nor the path tell a day.
    """

    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)


@dataclass
class BackfillReport:
    """What a backfill found and landed, per source."""

    first: date
    last: date
    archives: dict[str, Archive] = field(default_factory=dict)
    loads: dict[str, LoadReport] = field(default_factory=dict)


def backfill(
    warehouse: Warehouse,
    project: Project,
    *,
    land: Land,
    first: date,
    last: date | None = None,
    sources: Sequence[str] = (),
) -> BackfillReport:
    """Land the archived files of a period again, both days included; until today by default.

    Events that have landed are duplicates, so what is missing is all that is added. Days are those
    of the project's time zone.

    Raises ConfigurationError for a period that ends before it begins, UnknownNameError for a source
    that does not exist, and what ``land`` raises.
    """
    report = BackfillReport(first, last or project.today())
    if report.last < first:
        raise ConfigurationError(f"The period from {first} to {report.last} has no day.")
    for name, settings in choose_sources(read_sources(project), sources).items():
        patterns = getattr(settings, "files", None) or []
        present = [file.uri for file in find_files(project, patterns)]
        report.archives[name] = find_archive(
            warehouse, project, name, present, report.first, report.last
        )
    for name, archive in report.archives.items():
        if archive.files:
            report.loads[name] = land(name, archive.files)
    return report


def find_archive(
    warehouse: Warehouse,
    project: Project,
    source: str,
    present: Sequence[str],
    first: date,
    last: date,
) -> Archive:
    """Which files of a source hold events of a period.

    A file does when a row it has landed is of the period, or when its path names a day of it, as
    ``dt=2026-03-01``, ``2026/03/01``, ``20260301`` and Segment's archive do. ``present`` are the
    URIs of the files that are there.
    """
    within = _landed_from(warehouse, source, _begin(project, first), _begin(project, last, 1))
    dated = within | _landed_from(warehouse, source, None, None)
    archive = Archive(missing=sorted(within - set(present)))
    for uri in present:
        day = day_of(uri)
        if uri in within or (day is not None and first <= day <= last):
            archive.files.append(uri)
        elif day is None and uri not in dated:
            archive.undated.append(uri)
    return archive


def day_of(uri: str) -> date | None:
    """The day that a path names, the last one if it names several; none if it names none."""
    for year, _, month, day in reversed(_DAY.findall(uri)):
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            continue
    found = _MILLISECONDS.search(f"/{uri}")
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date() if found else None


def _begin(project: Project, day: date, days_later: int = 0) -> datetime:
    """The first moment of a day in the project's zone, as landed times have it."""
    local = datetime.combine(day + timedelta(days=days_later), time(), project.zone)
    return local.astimezone(UTC).replace(tzinfo=None)


def _landed_from(
    warehouse: Warehouse, source: str, begin: datetime | None, end: datetime | None
) -> set[str]:
    """The files from which rows with a timestamp of a period, or any rows, have landed."""
    tables = [Table(source, name) for name in CALL_TABLES]
    period = "" if begin is None else ' where "timestamp" >= ? and "timestamp" < ?'
    selects = [
        f"select load_id from {table}{period}" for table in tables if warehouse.exists(table)
    ]
    if not selects:
        return set()
    moments = [] if begin is None else [begin, end] * len(selects)
    rows = warehouse.rows(
        f"select distinct uri from {LOADS} where source = ? and state = 'landed'"
        " and format not in ('view', 'replay')"
        f" and load_id in ({' union all '.join(selects)})",
        [source, *moments],
    )
    return {row["uri"] for row in rows}
