"""A tracking plan at work in a load: violations are kept, properties left out, events held back."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from loaders.envelopes import ARRIVED, DUPLICATES, HELD_BACK
from loaders.landing import Load
from loaders.structure import literal
from loaders.tracking_plans import judge
from loaders.tracking_plans.judge import BREACHES
from loaders.tracking_plans.omit import OMISSIONS, omit
from loaders.tracking_plans.settings import BLOCK, KINDS, OMIT, TrackingPlanSettings
from loaders.tracking_plans.source import SourcePlan
from warehouse.system_tables import BLOCKED, VIOLATIONS

_DECIDED = "weft_decided"
_NO_BREACHES = "(select 0::bigint as number, '' as kind, '' as field limit 0)"
TEMPORARY = (HELD_BACK, _DECIDED, OMISSIONS, *judge.TEMPORARY)
"""The parser's tables that ``enforce`` leaves behind."""


@dataclass(frozen=True)
class Enforcement:
    """What a tracking plan did to the events of a load."""

    violations: int = 0
    blocked: int = 0
    omitted: int = 0


def enforce(load: Load, plan: SourcePlan | None, uris: Sequence[str]) -> Enforcement:
    """Hold the fresh events of ARRIVED against a tracking plan.

    To be called in the load's transaction, after ``find_duplicates`` and ``parse``, which must have
    kept the ``raw`` text of valid lines if the plan ``needs_raw``. Writes ``weft.violations`` and
    ``weft.blocked``, fills HELD_BACK, and takes the properties to omit out of ARRIVED's documents.
    ``uris`` are those of the files, by number. Without a plan nothing is held back.

    Raises DocumentTooDeepError when a document is nested deeper than 128 levels.
    """
    parser = load.warehouse.parser
    if plan is None:
        _hold_back(parser, _NO_BREACHES)
        return Enforcement()
    fresh = f"(from {ARRIVED} anti join {DUPLICATES} using (number) where reason is null)"
    judge.judge(parser, plan.plan, plan.judgements, fresh)
    parser.execute(f"""
        create or replace temp table {_DECIDED} as
        select *, {_action(plan.settings)} as action from {BREACHES}
    """)
    _hold_back(parser, f"(from {_DECIDED} where action = '{BLOCK}')")
    violations = _keep_violations(load, plan)
    blocked = _keep_blocked(load, plan, uris)
    omitted = f"(from {_DECIDED} anti join {HELD_BACK} using (number) where action = '{OMIT}')"
    return Enforcement(violations, blocked, omit(parser, omitted))


def _action(settings: TrackingPlanSettings) -> str:
    """SQL for what is done about a breach; what cannot be left out is let through."""
    cases = " ".join(
        f"when kind = '{kind}' and is_common = {common}"
        f" then '{settings.action(kind, common=common)}'"
        for kind in KINDS
        for common in (True, False)
    )
    action = f"case {cases} end"
    return f"case when {action} = 'omit' and keys is null then 'allow' else {action} end"


def _hold_back(parser: duckdb.DuckDBPyConnection, breaches: str) -> None:
    reason = "kind || ' ' || field"
    parser.execute(f"""
        create or replace temp table {HELD_BACK} as
        with blocked as (
            select number, string_agg(distinct {reason}, '; ' order by {reason}) as reason
            from {breaches}
            group by number
        )
        select number, file, blocked.reason
        from blocked join {ARRIVED} as arrived using (number)
    """)


def _event(load: Load, plan: SourcePlan) -> dict[str, str]:
    """Columns that say which event it is, as SQL over ARRIVED."""
    return {
        "load_id": load.load_id,
        "source": literal(load.source),
        "tracking_plan": literal(plan.file),
        "event_id": "id",
        "event_type": "type",
        "event_name": "case type when 'track' then json_extract_string(event, '$') else name end",
    }


def _keep_violations(load: Load, plan: SourcePlan) -> int:
    values = _event(load, plan) | {
        "event_timestamp": "timestamp",
        "event_sent_at": "sent_at",
        "kind": "kind",
        "field": "field",
        "description": "description",
        "action": "action",
        "violated_at": load.load_time,
    }
    return load.warehouse.insert_parsed(
        VIOLATIONS,
        list(values),
        f"select {', '.join(values.values())} from {ARRIVED} join {_DECIDED} using (number)",
    )


def _keep_blocked(load: Load, plan: SourcePlan, uris: Sequence[str]) -> int:
    values = _event(load, plan) | {
        "uri": "uri",
        "line": "line",
        "reason": "held_back.reason",
        "payload": "raw",
        "blocked_at": load.load_time,
    }
    files = pa.table(
        {
            "file": pa.array(range(len(uris)), pa.int32()),
            "uri": pa.array(list(uris), pa.string()),
        }
    )
    parser = load.warehouse.parser
    parser.register("weft_uris", files)
    try:
        return load.warehouse.insert_parsed(
            BLOCKED,
            list(values),
            f"""
            select {", ".join(values.values())}
            from (select * exclude (reason) from {ARRIVED}) as arrived
            join {HELD_BACK} as held_back using (number, file)
            join weft_uris using (file)
            """,
        )
    finally:
        parser.unregister("weft_uris")
