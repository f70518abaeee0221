"""``weft load``: new files of the sources land, whole file by whole file."""

from collections.abc import Mapping, Sequence

from loaders.declared import declare
from loaders.files import Ledger, SourceFile, find_files, group_files
from loaders.groups import land_group
from loaders.intake import Intake, open_intake
from loaders.lines import LineReader
from loaders.report import LoadReport, SourceFigures
from loaders.sources import Source, choose_sources, read_sources
from loaders.tally import Tally
from loaders.warehouse_tables import map_tables
from warehouse.crash_points import crash_point
from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError, WeftError
from warehouse.progress import Progress, Silent
from warehouse.project import Project
from warehouse.runs import Run


def load(
    warehouse: Warehouse,
    project: Project,
    sources: Sequence[str] = (),
    *,
    run: Run,
    progress: Progress | None = None,
    file_globs: Sequence[str] = (),
    source: str | None = None,
    reload: bool = False,
) -> LoadReport:
    """Land the new files of sources, all of them when none is named.

    ``file_globs`` lands the files of these patterns instead of those that ``source`` is
    configured with; ``reload`` reads files again that have landed. A source of tables gets its
    views. What has landed when an error is raised stays; a later run does the rest.

    Raises UnknownNameError for a source that does not exist, ConfigurationError for patterns
    without a source or one that matches no file, WeftError when a file cannot be read.
    """
    chosen = choose_sources(read_sources(project), [source] if source else sources)
    chosen = _override_files(chosen, file_globs, source)
    intakes = {name: open_intake(project, name, one) for name, one in chosen.items()}
    report = LoadReport()
    work: dict[str, list[SourceFile]] = {}
    for name, settings in chosen.items():
        if settings.tables:
            report.views += map_tables(
                warehouse, project, name, settings.tables, run, naming=settings.rules.naming
            )
            continue
        declare(warehouse, name, settings.declare, settings.rules.naming)
        files = find_files(
            project, settings.files, must_match=bool(file_globs), input=settings.input
        )
        ledger = Ledger(warehouse, name)
        work[name] = [rest for file in files if (rest := ledger.find(file, reload=reload))]
        report.sources[name] = SourceFigures(
            skipped=len(files) - len(work[name]), waiting=len(ledger.waiting)
        )
    with warehouse.bounded_memory():
        _land(warehouse, work, intakes, report, run, progress or Silent())
    return report


def _land(
    warehouse: Warehouse,
    work: Mapping[str, Sequence[SourceFile]],
    intakes: Mapping[str, Intake],
    report: LoadReport,
    run: Run,
    progress: Progress,
) -> None:
    """Land the files of each source, group by group."""
    tally = Tally(progress, work)
    for name, files in work.items():
        for group in group_files(files):
            lines = LineReader(group, tally.add_bytes, tally.add_rows)
            try:
                report.add(name, land_group(warehouse, intakes[name], lines, run), lines)
            except warehouse.failures as error:
                raise _failure(name, group, error) from error
            crash_point("between_groups")
    tally.finish()


def _failure(source: str, files: Sequence[SourceFile], error: Exception) -> WeftError:
    uris = files[0].uri if len(files) == 1 else f"{files[0].uri} to {files[-1].uri}"
    cause = str(error).splitlines()[0].rstrip(".")
    return WeftError(
        f"Source {source!r}: {uris} could not be loaded, and nothing of these files has landed: "
        f"{cause}."
    )


def _override_files(
    sources: dict[str, Source], file_globs: Sequence[str], source: str | None
) -> dict[str, Source]:
    if not file_globs:
        return sources
    if source is None:
        raise ConfigurationError("--file needs the source its events belong to: add --source NAME.")
    return {source: sources[source].model_copy(update={"files": list(file_globs), "tables": {}})}
