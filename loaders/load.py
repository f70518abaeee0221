"""``weft load``: new files of the sources land, whole file by whole file."""

from collections import Counter
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from loaders import entities
from loaders.batches import BATCH, context_batch, make_batch
from loaders.envelopes import ARRIVED, DUPLICATES, find_duplicates, parse
from loaders.files import Ledger, SourceFile, find_files, group_files
from loaders.fresh import FRESH, make_fresh
from loaders.landing import Load, land
from loaders.lines import LineReader
from loaders.naming import CALL_TABLES
from loaders.report import LandedFile, LoadReport, SourceFigures
from loaders.sources import Source, choose_sources, read_sources
from loaders.structure import DocumentTooDeepError, find_paths, literal
from warehouse.engines import Table, Warehouse, quote
from warehouse.errors import ConfigurationError, WeftError
from warehouse.progress import Progress, Silent
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import LOADS, REJECTS, utc_now


def load(
    warehouse: Warehouse,
    project: Project,
    sources: Sequence[str] = (),
    *,
    run: Run,
    progress: Progress | None = None,
    file_globs: Sequence[str] = (),
    source: str | None = None,
) -> LoadReport:
    """Land the new files of sources, all of them when none is named.

    ``file_globs`` lands the files of these patterns instead of those that ``source`` is
    configured with. What has landed when an error is raised stays; a later run does the rest.

    Raises UnknownNameError for a source that does not exist, ConfigurationError for patterns
    without a source or one that matches no file, WeftError when a file cannot be read.
    """
    chosen = choose_sources(read_sources(project), [source] if source else sources)
    chosen = _override_files(chosen, file_globs, source)
    report = LoadReport()
    work: list[tuple[str, list[SourceFile]]] = []
    for name, settings in chosen.items():
        files = find_files(project, settings.files, must_match=bool(file_globs))
        ledger = Ledger(warehouse, name)
        fresh = [file for file in files if not ledger.has(file)]
        report.sources[name] = SourceFigures(skipped=len(files) - len(fresh))
        work.append((name, fresh))
    tally = _Tally(progress or Silent(), sum(file.size for _, files in work for file in files))
    for name, files in work:
        for group in group_files(files):
            try:
                _load_group(warehouse, name, group, run, tally, report)
            except duckdb.Error as error:
                raise _failure(name, group, error) from error
    return report


class _Tally:
    """Bytes read so far, told to the command."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, count: int) -> None:
        self._done += count
        self._progress.update("load", self._done, self._total, "bytes")


def _failure(source: str, files: Sequence[SourceFile], error: duckdb.Error) -> WeftError:
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
    return {source: sources[source].model_copy(update={"files": list(file_globs)})}


def _load_group(
    warehouse: Warehouse,
    source: str,
    files: Sequence[SourceFile],
    run: Run,
    tally: _Tally,
    report: LoadReport,
) -> None:
    lines = LineReader(files, tally.add)
    loaded_at = utc_now()
    parse(warehouse.parser, lines, source=source, loaded_at=loaded_at)
    load = Load(warehouse, source, 0, loaded_at)
    try:
        landed, reasons = _land_group(load, lines, run)
    except DocumentTooDeepError:
        lines = LineReader(files)
        parse(warehouse.parser, lines, source=source, loaded_at=loaded_at, check_depth=True)
        load = Load(warehouse, source, 0, loaded_at)
        landed, reasons = _land_group(load, lines, run)
    _forget(warehouse)
    report.loads += landed
    report.rejects += reasons
    report.discards += load.discards
    for file in landed:
        report.sources[source].add(file)


def _forget(warehouse: Warehouse) -> None:
    """Drop what the parser keeps of a group: its memory is wanted by whatever runs next."""
    for table in (ARRIVED, DUPLICATES, FRESH, BATCH, *entities.TEMPORARY):
        warehouse.parser.execute(f"drop table if exists temp.{table}")


def _land_group(load: Load, lines: LineReader, run: Run) -> tuple[list[LandedFile], Counter[str]]:
    """Land the parsed lines of a group of files: all of it, or nothing."""
    warehouse = load.warehouse
    with warehouse.transaction():
        load.first_load_id = (warehouse.value(f"select max(load_id) from {LOADS}") or 0) + 1
        warehouse.execute(f"create schema if not exists {quote(load.source)}")
        calls = [Table(load.source, name) for name in CALL_TABLES]
        find_duplicates(warehouse, [table for table in calls if warehouse.exists(table)])
        landed = _count(load, lines)
        reasons = _reject(load, lines)
        _land_events(load)
        _record(load, lines, landed, run)
    return landed, reasons


def _land_events(load: Load) -> None:
    parser = load.warehouse.parser
    tables, context = make_fresh(parser)
    parser.execute(f"drop table {ARRIVED}")
    paths = find_paths(parser, "document", FRESH, "table_number")
    tracks = f"{FRESH} where type = 'track'"
    if parser.execute(f"select 1 from {tracks} limit 1").fetchall():
        land(load, context_batch("tracks", "track", f"(from {tracks})", context))
    for table in tables:
        rows = f"(from {FRESH} where table_number = {table.number})"
        batch = make_batch(
            parser, table.name, table.type, rows, paths.get(table.number, []), context
        )
        columns = land(load, batch)
        if table.type == "identify":
            entities.update(load, entities.USERS, batch.rows, columns)
        elif table.type == "group":
            entities.update(load, entities.ACCOUNTS, batch.rows, columns)


def _count(load: Load, lines: LineReader) -> list[LandedFile]:
    """The figures of each file of the group."""
    rows = load.warehouse.parser.execute(f"""
        select
            file,
            count(*) filter (where reason is not null) as rejected,
            count(*) filter (where duplicate.number is not null) as duplicate
        from {ARRIVED} as arrived left join {DUPLICATES} as duplicate using (number)
        group by file
    """).fetchall()
    counts = {file: (rejected, duplicate) for file, rejected, duplicate in rows}
    landed = []
    for number, (file, figures) in enumerate(zip(lines.files, lines.figures, strict=True)):
        rejected, duplicate = counts.get(number, (0, 0))
        landed.append(
            LandedFile(
                load_id=load.first_load_id + number,
                source=load.source,
                uri=file.uri,
                read=figures.lines,
                landed=figures.lines - rejected - duplicate,
                duplicate=duplicate,
                rejected=rejected,
                blocked=0,
                bytes=figures.size,
            )
        )
    return landed


def _reject(load: Load, lines: LineReader) -> Counter[str]:
    """Keep the lines that are no events; how many for which reason."""
    parser = load.warehouse.parser
    reasons = parser.execute(
        f"select reason, count(*) from {ARRIVED} where reason is not null group by reason"
    ).fetchall()
    uris = pa.table(
        {
            "file": pa.array(range(len(lines.files)), pa.int32()),
            "uri": pa.array([file.uri for file in lines.files], pa.string()),
        }
    )
    parser.register("weft_uris", uris)
    try:
        load.warehouse.insert_parsed(
            REJECTS,
            ["load_id", "source", "uri", "line", "reason", "raw", "rejected_at"],
            f"""
            select {load.load_id}, {literal(load.source)}, uri, line, reason, raw, {load.load_time}
            from {ARRIVED} join weft_uris using (file)
            where reason is not null
            """,
        )
    finally:
        parser.unregister("weft_uris")
    return Counter(dict(reasons))


def _record(load: Load, lines: LineReader, landed: Sequence[LandedFile], run: Run) -> None:
    """Enter the files into the ledger."""
    rows = [
        {
            "load_id": file.load_id,
            "run_id": run.run_id,
            "source": file.source,
            "uri": file.uri,
            "size": file.bytes,
            "checksum": figures.checksum,
            "format": "ndjson",
            "byte_offset": file.bytes,
            "read": file.read,
            "landed": file.landed,
            "duplicate": file.duplicate,
            "rejected": file.rejected,
            "blocked": file.blocked,
            "state": "landed",
            "loaded_at": load.loaded_at,
        }
        for file, figures in zip(landed, lines.figures, strict=True)
    ]
    load.warehouse.insert(LOADS, pa.Table.from_pylist(rows))
