"""``weft load --replay-rejects``: rejected lines are read again; those that are events now land."""

from collections.abc import Sequence

import pyarrow as pa

from loaders.door import admit
from loaders.door.suppressed import reject_suppressed
from loaders.envelopes import ARRIVED, DUPLICATES, HELD_BACK, parse
from loaders.groups import find_held_back, forget, land_events, next_load_id
from loaders.intake import Intake, open_intake
from loaders.landing import Load
from loaders.lines import SCHEMA
from loaders.replay.report import Replayed, ReplayReport
from loaders.sources import choose_sources, read_sources
from loaders.structure import DocumentTooDeepError
from loaders.tracking_plans.replay import blocked_events, mark_replayed
from warehouse.engines import Table, Warehouse
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import LOADS, REJECTS, utc_now
from warehouse.system_tables import SCHEMA as SYSTEM

FORMAT = "replay"
"""The format of a replay's line in ``weft.loads``."""

_URI = "weft.rejects"
_KEYS = "weft_replayed"
_REPLAYED = Table(SYSTEM, "replayed_lines")


def replay_rejects(
    warehouse: Warehouse, project: Project, sources: Sequence[str], run: Run
) -> ReplayReport:
    """Read rejected lines and blocked events of sources again, of all when none is named.

    An event lands exactly once, in a load of its own, and its line leaves ``weft.rejects``, also
    when it turns out to have landed otherwise; the other lines stay. What its tracking plan blocks
    (still, or now) is a new line of ``weft.blocked``. Each source is one transaction.

    Raises UnknownNameError for a source that does not exist, ConfigurationError when the salt of a
    door is not set or a tracking plan cannot be read.
    """
    chosen = choose_sources(read_sources(project), sources)
    intakes = [open_intake(project, name, settings) for name, settings in chosen.items()]
    report = ReplayReport()
    for intake in intakes:
        lines = _RejectedLines(warehouse, intake)
        report.sources[intake.source] = Replayed(tried=lines.count)
        if lines.count:
            report.sources[intake.source] = _replay(warehouse, intake, lines, run)
    return report


class _RejectedLines:
    """The rejected lines of a source, then its blocked events, in the form of a reader of files."""

    def __init__(self, warehouse: Warehouse, intake: Intake) -> None:
        self.guard = intake.guard
        self.failure = None
        self._parser = warehouse.parser
        rejects = warehouse.arrow(
            f"select load_id, uri, line, raw from {REJECTS} where source = ? and raw is not null"
            " order by load_id, uri, line",
            [intake.source],
        )
        blocked = blocked_events(warehouse, intake.source)
        self.count = rejects.num_rows + blocked.num_rows
        self.keys = rejects.drop_columns("raw").append_column(
            "number", pa.arange(1, rejects.num_rows + 1)
        )
        raw = [*rejects["raw"].chunks, *blocked["payload"].chunks]
        self._lines = pa.table(
            [
                pa.repeat(pa.scalar(0, pa.int32()), self.count),
                pa.arange(1, self.count + 1),
                pa.chunked_array(raw, pa.string()).cast(pa.large_string()),
                pa.nulls(self.count, pa.string()),
            ],
            schema=SCHEMA,
        )

    def stream(self) -> pa.RecordBatchReader:
        """The lines, as they may pass the door."""
        if self.guard is None:
            return self._lines.to_reader()
        self._parser.register("weft_rejected", self._lines)
        try:
            admit(self._parser, self.guard, "weft_rejected", again=True)
        finally:
            self._parser.unregister("weft_rejected")
        admitted = self._parser.sql(
            "select file, line, raw, fault from weft_admitted order by line"
        )
        return admitted.to_arrow_table().cast(SCHEMA).to_reader()


def _replay(warehouse: Warehouse, intake: Intake, lines: _RejectedLines, run: Run) -> Replayed:
    try:
        return _replay_at_depth(warehouse, intake, lines, run, check_depth=False)
    except DocumentTooDeepError:
        return _replay_at_depth(warehouse, intake, lines, run, check_depth=True)
    finally:
        forget(warehouse)


def _replay_at_depth(
    warehouse: Warehouse, intake: Intake, lines: _RejectedLines, run: Run, check_depth: bool
) -> Replayed:
    load = Load(warehouse, intake.source, 0, utc_now(), rules=intake.rules)
    parse(
        warehouse.parser,
        lines,  # type: ignore[arg-type]  # it has what parse asks of a reader
        source=intake.source,
        loaded_at=load.loaded_at,
        keep_raw=intake.keeps_raw,
        check_depth=check_depth,
    )
    reject_suppressed(warehouse, ARRIVED)
    with warehouse.transaction():
        load.first_load_id = next_load_id(warehouse)
        find_held_back(load, intake, [_URI])
        figures = _take_valid(load, lines)
        mark_replayed(warehouse, intake.source, load.first_load_id, load.loaded_at)
        if figures.remaining < figures.tried:
            land_events(load, intake)
            # Also when all of it is held back: what was blocked bears the id of this load.
            _record(load, figures, run)
    figures.discards = load.discards
    return figures


def _take_valid(load: Load, lines: _RejectedLines) -> Replayed:
    """Take the lines that are events now out of the rejects; ARRIVED keeps only these."""
    warehouse, parser = load.warehouse, load.warehouse.parser
    parser.execute(f"delete from {ARRIVED} where reason is not null")
    ((valid, duplicate, held_back),) = parser.execute(
        f"select (select count(*) from {ARRIVED}), (select count(*) from {DUPLICATES}),"
        f" (select count(*) from {HELD_BACK})"
    ).fetchall()
    warehouse.execute(f"create table {_REPLAYED} (load_id bigint, uri varchar, line bigint)")
    parser.register(_KEYS, lines.keys)
    try:
        warehouse.insert_parsed(
            _REPLAYED,
            ["load_id", "uri", "line"],
            f"select keys.load_id, keys.uri, keys.line from {_KEYS} as keys"
            f" join {ARRIVED} as arrived on keys.number = arrived.line",
        )
    finally:
        parser.unregister(_KEYS)
    warehouse.execute(
        f"""
        delete from {REJECTS} where source = ? and exists (
            select 1 from {_REPLAYED} as replayed
            where replayed.load_id = {REJECTS}.load_id and replayed.uri = {REJECTS}.uri
                and replayed.line = {REJECTS}.line
        )
        """,
        [load.source],
    )
    warehouse.execute(f"drop table {_REPLAYED}")
    landed = valid - duplicate - held_back
    return Replayed(lines.count, landed, duplicate, held_back, lines.count - valid)


def _record(load: Load, figures: Replayed, run: Run) -> None:
    line = {
        "load_id": load.first_load_id,
        "run_id": run.run_id,
        "source": load.source,
        "uri": _URI,
        "size": 0,
        "checksum": "",
        "format": FORMAT,
        "byte_offset": 0,
        "read": figures.landed + figures.duplicate + figures.blocked,
        "landed": figures.landed,
        "duplicate": figures.duplicate,
        "rejected": 0,
        "blocked": figures.blocked,
        "state": "landed",
        "loaded_at": load.loaded_at,
    }
    load.warehouse.insert(LOADS, pa.Table.from_pylist([line]))
