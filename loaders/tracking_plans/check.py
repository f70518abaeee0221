"""``weft tracking-plan check``: a tracking plan, tried on what has landed."""

from collections.abc import Sequence
from dataclasses import dataclass

from loaders.naming import SEGMENT, Naming
from loaders.tracking_plans import judge
from loaders.tracking_plans.judge import BREACHES
from loaders.tracking_plans.landed import LandedEvents, as_arrived, landed_events
from loaders.tracking_plans.source import SourcePlan
from warehouse.engines import Warehouse, quote

_LANDED = "weft_landed"
_ROWS = "weft_landed_rows"
_SAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """How many landed events breach a plan in one way, with the ids of a few."""

    event_type: str
    event_name: str | None
    kind: str
    field: str
    events: int
    samples: Sequence[str]


@dataclass(frozen=True)
class CheckReport:
    """What a tracking plan says about what has landed: events looked at, and the findings."""

    checked: int
    findings: Sequence[Finding]


def check(
    warehouse: Warehouse, source: str, plan: SourcePlan, *, naming: Naming = SEGMENT
) -> CheckReport:
    """Try a tracking plan on what has landed of a source, under its ``naming``. Nothing is written.

    Properties are read back from their columns: names as columns have them, unless the plan knows
    them, and types as far as columns keep them.
    """
    checked, findings = 0, []
    for events in landed_events(warehouse, source, naming):
        count, found = _check(warehouse, events, plan)
        checked += count
        findings += found
    return CheckReport(checked, findings)


def _check(
    warehouse: Warehouse, events: LandedEvents, plan: SourcePlan
) -> tuple[int, list[Finding]]:
    parser = warehouse.parser
    names = ", ".join(map(quote, events.columns))
    data = warehouse.arrow(f"select {names} from {events.rows}", events.parameters)
    parser.register(_ROWS, data)
    try:
        parser.execute(
            f"create or replace temp table {_LANDED} as {as_arrived(events, plan.plan, _ROWS, 0)}"
        )
        judge.judge(parser, plan.plan, plan.judgements, _LANDED)
        rows = parser.execute(
            f"""
            select
                kind, field, count(distinct number),
                list_slice(list(distinct id order by id), 1, ?)
            from {BREACHES} join {_LANDED} using (number)
            group by kind, field
            order by kind, field
        """,
            [_SAMPLES],
        ).fetchall()
    finally:
        parser.unregister(_ROWS)
        for table in (_LANDED, *judge.TEMPORARY):
            parser.execute(f"drop table if exists temp.{table}")
    return data.num_rows, [Finding(events.call, events.event, *row) for row in rows]
