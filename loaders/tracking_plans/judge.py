"""What events breach: every event is looked at in SQL, every distinct thing once by a validator."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from loaders.structure import DocumentTooDeepError
from loaders.tracking_plans.faults import faults_of_shape, faults_of_values
from loaders.tracking_plans.looks import by_rule_sql, one_of, shape_sql, suspects_sql, values_sql
from loaders.tracking_plans.plan import Plan
from loaders.tracking_plans.schema import DOCUMENTS, Judgement
from loaders.tracking_plans.settings import UNPLANNED_EVENT

BREACHES = "weft_breaches"
"""The parser's table of breaches: an event's ``number``, ``kind``, ``field``, ``description``,
``is_common``, and ``keys``, the path of what may be left out as a JSON array (null: nothing)."""

_MATCHES = "weft_matches"
_JUDGED = "weft_judged"
_SUSPECTS = "weft_suspects"
TEMPORARY = (BREACHES, _JUDGED, _SUSPECTS)
"""The parser's tables that ``judge`` leaves behind."""

_EXAMPLES_AT_ONCE = 1_000

_MATCH_SCHEMA = pa.schema(
    [("type", pa.string()), ("event", pa.string()), ("version", pa.string()), ("rule", pa.int32())]
)
_FAULT_SCHEMA = pa.schema(
    [
        ("rule", pa.int32()),
        ("place", pa.int32()),
        ("example", pa.int64()),
        ("value", pa.string()),
        *((name, pa.string()) for name in ("kind", "field", "description", "keys")),
    ]
)


def judge(
    parser: duckdb.DuckDBPyConnection, plan: Plan, judgements: Sequence[Judgement], rows: str
) -> None:
    """Fill BREACHES with what events breach.

    ``rows`` is SQL for the events (what follows ``from``), with the columns of ARRIVED.
    ``judgements`` is the compiled plan.

    Raises DocumentTooDeepError when a document is nested deeper than 128 levels.
    """
    parser.execute(f"""
        create or replace temp table {BREACHES} (
            number bigint, kind varchar, field varchar, description varchar, is_common boolean,
            keys varchar
        )
    """)
    matches = _match(parser, plan, rows)
    parser.register(_MATCHES, matches)
    try:
        if None in matches["rule"].to_pylist():
            _find_unplanned_events(parser, plan, rows)
        used = {rule: judgements[rule] for rule in set(matches["rule"].to_pylist()) - {None}}
        if used:
            _judge_shapes(parser, plan, used, rows)
            _judge_values(parser, plan, used, rows)
    except duckdb.InvalidInputException as error:
        if "recursion depth" in str(error):
            raise DocumentTooDeepError from None
        raise
    except (RecursionError, ValueError) as error:
        # Python and the validator have limits of their own, beyond those of DuckDB.
        if isinstance(error, RecursionError) or "recursion limit" in str(error).lower():
            raise DocumentTooDeepError from None
        raise
    finally:
        parser.unregister(_MATCHES)


def _kind_columns(plan: Plan) -> str:
    """What tells events apart for the plan. Versions cost a look into every context."""
    version = "null::varchar"
    if plan.has_versions:
        found = "json_extract_string(context, '/protocols/event_version')"
        version = f"case when contains(context, '\"event_version\"') then {found} end"
    return f"""
        type,
        case when type = 'track' then event end as event,
        {version} as version
    """


def _match(parser: duckdb.DuckDBPyConnection, plan: Plan, rows: str) -> pa.Table:
    """The rules of each kind of event: its own, if there is one, and the COMMON ones."""
    kinds = parser.execute(f"select distinct {_kind_columns(plan)} from {rows}").fetchall()
    found = []
    for type_, event, version in kinds:
        own = plan.rule(type_, json.loads(event) if event else None, version)
        # Only a track can be unplanned; of other calls no rule means no rule.
        rules = [own] if own is not None or type_ == "track" else []
        for rule in (*rules, *plan.common):
            found.append({"type": type_, "event": event, "version": version, "rule": rule})
    return pa.Table.from_pylist(found, schema=_MATCH_SCHEMA)


def _matched(plan: Plan, rows: str, condition: str = "true") -> str:
    """SQL for events with their rules, a row for each."""
    return f"""(
        select arrived.*, matches.rule
        from (select * exclude (type, event), {_kind_columns(plan)} from {rows}) as arrived
        join {_MATCHES} as matches
            on arrived.type = matches.type
            and arrived.event is not distinct from matches.event
            and arrived.version is not distinct from matches.version
        where {condition}
    )"""


def _find_unplanned_events(parser: duckdb.DuckDBPyConnection, plan: Plan, rows: str) -> None:
    parser.execute(f"""
        insert into {BREACHES}
        select number, '{UNPLANNED_EVENT}', 'event', 'the plan has no event ' || event, false, null
        from {_matched(plan, rows, "matches.rule is null and arrived.type = 'track'")}
    """)


def _judge_shapes(
    parser: duckdb.DuckDBPyConnection, plan: Plan, used: Mapping[int, Judgement], rows: str
) -> None:
    """Judge one event of each structure, for all that have it."""
    shaped = {number: one for number, one in used.items() if one.parts}
    if not shaped:
        return
    shape = by_rule_sql({number: shape_sql(one) for number, one in shaped.items()})
    parser.execute(f"""
        create or replace temp table {_JUDGED} as
        select number, rule, md5_number({shape}) as shape
        from {_matched(plan, rows, one_of(shaped))}
    """)
    # One event stands for its structure; md5 is wide enough to tell structures apart.
    faults = [
        {"rule": rule, "example": number, **fault.row()}
        for rule, number, raw, *texts in _examples(parser, rows)
        for fault in faults_of_shape(shaped[rule], dict(zip(DOCUMENTS, texts, strict=True)), raw)
    ]
    _spread(
        parser,
        faults,
        plan,
        f"""(
            select judged.number, faults.*
            from weft_faults as faults
            join {_JUDGED} as example
                on example.number = faults.example and example.rule = faults.rule
            join {_JUDGED} as judged
                on judged.rule = example.rule and judged.shape = example.shape
        )""",
    )


def _examples(parser: duckdb.DuckDBPyConnection, rows: str) -> Iterator[tuple[Any, ...]]:
    """An event of each structure: its rule, its number, its text and its documents."""
    found = parser.execute(
        f"select rule, min(number) from {_JUDGED} group by rule, shape order by all"
    ).fetchall()
    for start in range(0, len(found), _EXAMPLES_AT_ONCE):
        some = found[start : start + _EXAMPLES_AT_ONCE]
        # Numbers as literals: a join would fetch the documents of all events.
        numbers = ", ".join(sorted({str(number) for _, number in some}))
        texts = parser.execute(f"""
            select number, raw, {", ".join(DOCUMENTS)} from {rows} where number in ({numbers})
        """).fetchall()
        by_number = {number: rest for number, *rest in texts}
        for rule, number in some:
            yield rule, number, *by_number[number]


def _judge_values(
    parser: duckdb.DuckDBPyConnection, plan: Plan, used: Mapping[int, Judgement], rows: str
) -> None:
    """Judge each distinct value, of those that SQL does not already know to be valid."""
    checked = {number: one.checks for number, one in used.items() if one.checks}
    if not checked:
        return
    values = by_rule_sql({number: values_sql(checks) for number, checks in checked.items()})
    suspects = by_rule_sql({number: suspects_sql(checks) for number, checks in checked.items()})
    parser.execute(f"""
        create or replace temp table {_SUSPECTS} as
        with read_values as (
            select number, rule, {values} as found from {_matched(plan, rows, one_of(checked))}
        ),
        suspects as (select number, rule, {suspects} as suspects from read_values)
        select number, rule, unnest(suspects, recursive := true)
        from suspects
        where len(suspects) > 0
    """)
    distinct = parser.execute(f"""
        select rule, place, list(distinct value order by value) from {_SUSPECTS}
        group by rule, place order by rule, place
    """).fetchall()
    faults = [
        {"rule": rule, "place": place, "value": value, **fault.row()}
        for rule, place, values in distinct
        for value, fault in faults_of_values(checked[rule][place], values)
    ]
    _spread(
        parser,
        faults,
        plan,
        f"(from weft_faults join {_SUSPECTS} using (rule, place, value))",
    )


def _spread(
    parser: duckdb.DuckDBPyConnection, faults: Sequence[dict[str, Any]], plan: Plan, rows: str
) -> None:
    """Write the faults of what was judged once for every event that has it."""
    if not faults:
        return
    common = ", ".join(str(number) for number in (*plan.common, -1))
    parser.register("weft_faults", pa.Table.from_pylist(list(faults), schema=_FAULT_SCHEMA))
    try:
        parser.execute(f"""
            insert into {BREACHES}
            select distinct number, kind, field, description, rule in ({common}), keys from {rows}
        """)
    finally:
        parser.unregister("weft_faults")
