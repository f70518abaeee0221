"""What ``weft debug`` looks at: one line each, in order or what to do about it."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from warehouse.errors import WeftError

if TYPE_CHECKING:
    from loaders.sources import Source
    from reverse_etl.destinations import DestinationEntry
    from reverse_etl.destinations.kit.base import Destination
    from warehouse.project import Project

_WARNED_BEFORE = timedelta(days=60)
PACKAGES = ("weft", "dbt-core", "dbt-duckdb", "duckdb", "pyarrow")

State = Literal["ok", "wrong", "not asked"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what was seen."""

    subject: str
    state: State
    said: str


def check_project(project: "Project", *, offline: bool) -> Iterator[Check]:
    """Everything a project needs in order to run; ``offline`` asks no destination."""
    yield Check("versions", "ok", ", ".join(_versions()))
    yield Check("project", "ok", f"{project.folder}, target {project.target}")
    yield _checked("warehouse", partial(_warehouse, project))
    yield from _sources(project)
    yield from _destinations(project, offline=offline)


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for package in PACKAGES:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            continue


def _checked(subject: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except WeftError as error:
        return Check(subject, "wrong", str(error))


def _warehouse(project: "Project") -> Check:
    from warehouse.system_tables import MIGRATIONS, schema_version

    with project.open() as warehouse:
        found = schema_version(warehouse)
        identity = warehouse.identity
    if found > len(MIGRATIONS):
        said = (
            f"{identity} was written by a later weft (schema {found}, this one knows "
            f"{len(MIGRATIONS)}); install that one."
        )
        return Check("warehouse", "wrong", said)
    state = "the latest" if found == len(MIGRATIONS) else "the next command brings it up to date"
    return Check("warehouse", "ok", f"{identity}, schema version {found} ({state})")


def _sources(project: "Project") -> Iterator[Check]:
    from loaders.sources import read_sources

    try:
        sources = read_sources(project)
    except WeftError as error:
        yield Check("sources", "wrong", str(error))
        return
    for name, source in sources.items():
        subject = f"source {name}"
        yield _checked(subject, partial(_source, project, subject, source))


def _source(project: "Project", subject: str, source: "Source") -> Check:
    from loaders.files import find_files

    if source.tables:
        return Check(subject, "ok", f"{len(source.tables):,} tables of the warehouse")
    files = find_files(project, source.files)
    if not files:
        patterns = ", ".join(source.files)
        return Check(subject, "wrong", f"no file matches {patterns}; put files of events there.")
    return Check(subject, "ok", f"{len(files):,} files, {sum(file.size for file in files):,} bytes")


def _destinations(project: "Project", *, offline: bool) -> Iterator[Check]:
    from reverse_etl.destinations import read_destinations

    try:
        entries = read_destinations(project)
    except WeftError as error:
        yield Check("destinations", "wrong", str(error))
        return
    for name, entry in entries.items():
        subject = f"destination {name}"
        yield _checked(subject, partial(_destination, subject, entry, offline=offline))


def version_warning(destination: "Destination", today: date) -> str | None:
    """What to raise, from 60 days before the vendor refuses the version of its API."""
    from reverse_etl.destinations.kit.api_base import ApiDestination

    ends = destination.version_ends if isinstance(destination, ApiDestination) else None
    if ends is None or today < ends - _WARNED_BEFORE:
        return None
    verb = "ended" if today >= ends else "ends"
    return f"the version of its API {verb} on {ends}, so raise the setting api_version"


def _destination(subject: str, entry: "DestinationEntry", *, offline: bool) -> Check:
    from reverse_etl.probing import can_probe, probe

    opened = entry.open()
    reached_from = f"reached from target {', '.join(opened.targets)}"
    if ending := version_warning(opened, date.today()):
        reached_from = f"{reached_from}; {ending}"
    if offline or not can_probe(opened):
        said = f"settings are complete, {reached_from}; no request was made"
        return Check(subject, "not asked", said)
    if wrong := probe(opened, entry.name, entry.redactor(opened)):
        return Check(subject, "wrong", wrong)
    return Check(subject, "ok", f"answers, and accepts the credentials; {reached_from}")
