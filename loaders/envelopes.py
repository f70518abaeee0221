"""Lines as events: the envelope is split, checked and deduplicated in SQL."""

from collections.abc import Sequence

import duckdb

from loaders.door.admission import ADMITTED, Guard, admit
from loaders.lines import LineReader
from loaders.staging import known_ids
from warehouse.engines import Table, Warehouse

ARRIVED = "weft_arrived"
"""The parser's table of all lines: an event, or the reason why it is none, and its raw text."""

DUPLICATES = "weft_duplicates"
"""The parser's table of events (by ``number``) that are repeated or have landed before."""

HELD_BACK = "weft_held_back"
"""The parser's table of events (by ``number``, with their ``file`` and the ``reason``) that their
tracking plan blocks. They must not land."""

TOO_DEEP = "nested deeper than 128 levels"
"""The reason of a line that DuckDB's JSON functions refuse."""

_TEXTS = (
    *("type", "messageId", "anonymousId", "userId", "name", "category", "groupId", "previousId"),
    *("timestamp", "originalTimestamp", "sentAt", "receivedAt"),
)
_DOCUMENTS = ("event", "properties", "traits", "context")


def parse(
    parser: duckdb.DuckDBPyConnection,
    lines: LineReader,
    *,
    source: str,
    loaded_at: object,
    guard: Guard | None = None,
    keep_raw: bool = False,
    check_depth: bool = False,
) -> None:
    """Read lines into ARRIVED.

    With a ``guard`` they pass the door first. ``keep_raw`` keeps the text of valid lines, too.
    ``check_depth`` rejects lines too deep for DuckDB; it costs a pass, so it is asked for only
    after one was met. Raises WeftError when a file cannot be read.
    """
    parser.register("weft_lines", lines.stream())
    try:
        if guard:
            admit(parser, guard)
        parser.execute(
            _parse_sql(ADMITTED if guard else "weft_lines", check_depth, keep_raw),
            {"source": source, "loaded_at": loaded_at},
        )
    except duckdb.Error:
        if lines.failure:
            raise lines.failure from None
        raise
    finally:
        parser.unregister("weft_lines")


def find_duplicates(warehouse: Warehouse, call_tables: Sequence[Table]) -> None:
    """Fill DUPLICATES: of events that share an id the first received stays, unless it has landed.

    ``call_tables`` are the landed tables whose ids count, those that exist. Must be called inside
    a transaction: the ids asked for pass through a table that never becomes visible.
    """
    parser = warehouse.parser
    arriving = f"select distinct id from {ARRIVED} where reason is null"
    known = known_ids(warehouse, arriving, call_tables)
    parser.register("weft_known", known)
    try:
        parser.execute(f"""
            create or replace temp table {DUPLICATES} as
            with repeated as (
                select id from {ARRIVED} where reason is null group by id having count(*) > 1
            ),
            ranked as (
                select
                    number,
                    row_number() over (partition by id order by received_at, number) as place
                from {ARRIVED} semi join repeated using (id)
                where reason is null
            )
            select number from ranked where place > 1
            union
            select number from {ARRIVED} semi join weft_known using (id) where reason is null
        """)
    finally:
        parser.unregister("weft_known")


def _parse_sql(lines: str, check_depth: bool, keep_raw: bool) -> str:
    structure = ", ".join(
        [f'"{name}":"VARCHAR"' for name in _TEXTS] + [f'"{name}":"JSON"' for name in _DOCUMENTS]
    )
    times = ("given_timestamp", "given_original", "sent_at", "given_received")
    raw = "raw" if keep_raw else "case when reason is not null then raw end"
    too_deep = f"when try(json_structure(raw)) is null then '{TOO_DEEP}'" if check_depth else ""
    return f"""
        create or replace temp table {ARRIVED} as
        with split as (
            select
                *,
                case
                    when fault is null and json_valid(raw)
                        then json_transform(raw, '{{{structure}}}')
                end as envelope
            from {lines}
        ),
        read_fields as (
            select
                file,
                line,
                file::bigint * 1099511627776 + line as number,
                raw,
                fault,
                envelope is null as is_invalid,
                envelope.type as type,
                {_id("messageId")} as message_id,
                {_id("anonymousId")} as anonymous_id,
                {_id("userId")} as user_id,
                {_id("groupId")} as group_id,
                {_id("previousId")} as previous_id,
                case when left(envelope.event::varchar, 1) = '"' then envelope.event::varchar end
                    as event,
                envelope.name as name,
                envelope.category as category,
                {_time("timestamp")} as given_timestamp,
                {_time("originalTimestamp")} as given_original,
                {_time("sentAt")} as sent_at,
                {_time("receivedAt")} as given_received,
                {_object("properties")} as properties,
                {_object("traits")} as traits,
                {_object("context")} as context
            from split
        ),
        fields as (
            select * replace (
                {", ".join(map(_in_range, times))}
            )
            from read_fields
        ),
        times as (
            select
                *,
                coalesce(
                    given_received, sent_at, given_timestamp, given_original, $loaded_at::timestamp
                ) as received_at,
                coalesce(given_original, given_timestamp) as client_time
            from fields
        ),
        events as (
            select
                *,
                coalesce(message_id, sha256($source::varchar || chr(10) || raw)) as id,
                coalesce(client_time, received_at) as original_timestamp,
                case
                    when given_received is null then coalesce(client_time, received_at)
                    when given_original is not null and given_timestamp is not null
                        then given_timestamp
                    when sent_at is null then coalesce(client_time, received_at)
                    else {_CORRECTED}
                end as timestamp,
                case
                    when fault is not null then fault
                    when is_invalid then 'not valid JSON'
                    when type is null and json_type(raw) <> 'OBJECT' then 'not a JSON object'
                    {too_deep}
                    when type is null then 'no type'
                    when type not in ('track', 'identify', 'page', 'screen', 'group', 'alias')
                        then 'unknown type'
                    when type = 'alias' and (user_id is null or previous_id is null)
                        then 'alias without userId or previousId'
                    when user_id is null and anonymous_id is null
                        then 'neither userId nor anonymousId'
                    when type = 'track' and event is null then 'track without an event name'
                    when type = 'group' and group_id is null then 'group without groupId'
                end as reason
            from times
        )
        select
            file, line, number, id, type, event, name, category, anonymous_id, user_id, group_id,
            previous_id, sent_at, original_timestamp, timestamp, received_at,
            properties, coalesce(traits, case when type = 'identify' then {_CONTEXT_TRAITS} end)
                as traits,
            context, reason, {raw} as raw
        from events
    """


# received - (sent - client time), in whole microseconds: an interval may overflow.
_CORRECTED = """make_timestamp(
                        epoch_us(given_received)
                        - (epoch_us(sent_at) - epoch_us(coalesce(client_time, given_received)))
                    )"""

# Some SDKs send the traits of an identify only here.
_CONTEXT_TRAITS = "nullif(json_extract(context, '/traits')::varchar, 'null')"


def _id(key: str) -> str:
    """An identifier as a string; null when it is blank or no scalar.

    Comparisons of the first character come first: they spare nearly every row the rest.
    """
    text = f'envelope."{key}"'
    is_bracket = f"(({text} >= '[' and {text} < '\\') or ({text} >= '{{' and {text} < '|'))"
    return f"""case
                    when {text} < '!' and trim({text}, ' \t\r\n') = '' then null
                    when {is_bracket} and json_type(raw, '/{key}') <> 'VARCHAR' then null
                    else {text}
                end"""


def _time(key: str) -> str:
    """A time of the envelope in UTC, read leniently; null when it is none."""
    text = f'envelope."{key}"'
    begins_with_digit = f"{text} >= '0' and {text} < ':'"
    return f"try_cast(case when {begins_with_digit} then {text} end as timestamptz)::timestamp"


def _in_range(name: str) -> str:
    """A time, null when it is not of years 1 to 9999."""
    first, last = "timestamp '0001-01-01'", "timestamp '9999-12-31 23:59:59.999999'"
    return f"case when {name} between {first} and {last} then {name} end as {name}"


def _object(key: str) -> str:
    """A document of the envelope; null when it is no object."""
    text = f'envelope."{key}"::varchar'
    return f"case when left({text}, 1) = '{{' then {text} end"
