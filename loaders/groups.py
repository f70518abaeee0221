"""A group of files: parsed together, and landed in one transaction, all of it or nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from loaders import entities
from loaders.batches import context_batch, make_batch
from loaders.door.admission import ADMITTED, COLLISIONS
from loaders.door.collisions import discard_collisions
from loaders.door.suppressed import reject_suppressed
from loaders.envelopes import ARRIVED, DUPLICATES, HELD_BACK, find_duplicates, parse
from loaders.fresh import FRESH, ODD_CONTEXTS, ODD_DOCUMENTS, make_fresh
from loaders.intake import Intake
from loaders.landing import Load, land
from loaders.lines import LineReader
from loaders.naming import CALL_TABLES
from loaders.rejects import keep_rejects
from loaders.repeated import REPEATED, discard_repeated
from loaders.report import LandedFile
from loaders.structure import DocumentTooDeepError
from loaders.tracking_plans import enforce
from loaders.tracking_plans.enforce import Enforcement
from loaders.values import BATCH
from warehouse.crash_points import crash_point
from warehouse.engines import Table, Warehouse, quote
from warehouse.runs import Run
from warehouse.system_tables import LOADS, utc_now

_TEMPORARY = (
    *(ADMITTED, COLLISIONS, ARRIVED, DUPLICATES, FRESH, BATCH),
    *(ODD_CONTEXTS, ODD_DOCUMENTS, REPEATED),
    *entities.TEMPORARY,
    *enforce.TEMPORARY,
)


@dataclass(frozen=True)
class Group:
    """What became of a group of files."""

    files: Sequence[LandedFile]
    rejects: Counter[str]
    discards: int
    violations: int


def land_group(warehouse: Warehouse, intake: Intake, lines: LineReader, run: Run) -> Group:
    """Land the lines of a group of files.

    Raises WeftError when a file cannot be read, and what the warehouse raises; nothing has landed
    then.
    """
    try:
        return _land(warehouse, intake, lines, run, check_depth=False)
    except DocumentTooDeepError:
        return _land(warehouse, intake, LineReader(lines.files), run, check_depth=True)
    finally:
        forget(warehouse)


def find_held_back(load: Load, intake: Intake, uris: Sequence[str]) -> Enforcement:
    """Find what must not land: what has landed before, and what the tracking plan blocks.

    Also takes out of ARRIVED what the plan leaves out. To be called in the load's transaction.
    """
    load.warehouse.execute(f"create schema if not exists {quote(load.source)}")
    calls = [name for name in CALL_TABLES if name in load.catalog]
    find_duplicates(load.warehouse, [Table(load.source, name) for name in calls])
    return enforce.enforce(load, intake.plan, uris)


def land_events(load: Load, intake: Intake) -> None:
    """Land the events of ARRIVED that are valid, new and not held back."""
    parser = load.warehouse.parser
    if intake.guard:
        discard_collisions(load)
    tables, context = make_fresh(parser, load.rules)
    discard_repeated(load, tables)
    parser.execute(f"drop table {ARRIVED}")
    tracks = f"{FRESH} where type = 'track'"
    if parser.execute(f"select 1 from {tracks} limit 1").fetchall():
        land(load, context_batch("tracks", "track", f"(from {tracks})", context, load.rules))
    for table in tables:
        rows = f"(from {FRESH} where table_number = {table.number})"
        batch = make_batch(parser, table.name, table.type, rows, table.paths, context, load.rules)
        columns = land(load, batch)
        if table.type == "identify":
            entities.update(load, entities.USERS, batch.rows, columns)
        elif table.type == "group":
            entities.update(load, entities.ACCOUNTS, batch.rows, columns)


def forget(warehouse: Warehouse) -> None:
    """Drop what the parser keeps of a group: its memory is wanted by whatever runs next."""
    for table in _TEMPORARY:
        warehouse.parser.execute(f"drop table if exists temp.{table}")


def next_load_id(warehouse: Warehouse) -> int:
    """The id of the next load. To be asked in the transaction that uses it."""
    return int(warehouse.value(f"select max(load_id) from {LOADS}") or 0) + 1


def _land(
    warehouse: Warehouse, intake: Intake, lines: LineReader, run: Run, *, check_depth: bool
) -> Group:
    load = Load(warehouse, intake.source, 0, utc_now(), rules=intake.rules)
    parse(
        warehouse.parser,
        lines,
        source=intake.source,
        loaded_at=load.loaded_at,
        guard=intake.guard,
        keep_raw=intake.keeps_raw,
        check_depth=check_depth,
    )
    reject_suppressed(warehouse, ARRIVED)
    crash_point("after_parse")
    with warehouse.transaction():
        load.first_load_id = next_load_id(warehouse)
        enforcement = find_held_back(load, intake, [file.uri for file in lines.files])
        landed = _count(load, lines)
        rejects = keep_rejects(load, [file.uri for file in lines.files])
        land_events(load, intake)
        _record(load, lines, landed, run)
        crash_point("before_commit")
    crash_point("after_commit")
    return Group(landed, rejects, load.discards, enforcement.violations)


def _count(load: Load, lines: LineReader) -> list[LandedFile]:
    """The figures of each file of the group."""
    rows = load.warehouse.parser.execute(f"""
        select
            file,
            count(*) filter (where reason is not null) as rejected,
            count(*) filter (where duplicate.number is not null) as duplicate,
            count(*) filter (where held_back.number is not null) as blocked
        from (select file, number, reason from {ARRIVED}) as arrived
        left join {DUPLICATES} as duplicate using (number)
        left join (select number from {HELD_BACK}) as held_back using (number)
        group by file
    """).fetchall()
    counts = {file: counted for file, *counted in rows}
    landed = []
    for number, (file, figures) in enumerate(zip(lines.files, lines.figures, strict=True)):
        rejected, duplicate, blocked = counts.get(number, (0, 0, 0))
        landed.append(
            LandedFile(
                load_id=load.first_load_id + number,
                source=load.source,
                uri=file.uri,
                read=figures.lines,
                landed=figures.lines - rejected - duplicate - blocked,
                duplicate=duplicate,
                rejected=rejected,
                blocked=blocked,
                bytes=figures.bytes,
            )
        )
    return landed


def _record(load: Load, lines: LineReader, landed: Sequence[LandedFile], run: Run) -> None:
    """Enter the files into the ledger."""
    rows = [
        {
            "load_id": file.load_id,
            "run_id": run.run_id,
            "source": file.source,
            "uri": file.uri,
            "size": figures.size,
            "checksum": figures.checksum,
            "format": figures.format,
            "byte_offset": figures.byte_offset,
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
    # Every model asks which loads have landed.
    load.warehouse.learn(LOADS, ["load_id", "source", "format", "state"])
