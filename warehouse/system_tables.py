"""The tables weft keeps about its own work, in the schema ``weft``.

Users query them; a column is never renamed or removed without a migration. Structured values
(figures, payloads) are JSON as text, which every engine has.
"""

from datetime import UTC, datetime

from warehouse.engines import Table, Warehouse

SCHEMA = "weft"

RUNS = Table(SCHEMA, "runs")
LOADS = Table(SCHEMA, "loads")
REJECTS = Table(SCHEMA, "rejects")
DISCARDS = Table(SCHEMA, "discards")
VIOLATIONS = Table(SCHEMA, "violations")
BLOCKED = Table(SCHEMA, "blocked")
SYNC_PLANS = Table(SCHEMA, "sync_plans")
SYNC_ROWS = Table(SCHEMA, "sync_rows")
SYNC_RUNS = Table(SCHEMA, "sync_runs")
SYNC_INTENTS = Table(SCHEMA, "sync_intents")
SYNC_ATTEMPTS = Table(SCHEMA, "sync_attempts")
SYNC_SNAPSHOT = Table(SCHEMA, "sync_snapshot")
SYNC_JOBS = Table(SCHEMA, "sync_jobs")
SYNC_OBJECTS = Table(SCHEMA, "sync_objects")
SYNC_BINDINGS = Table(SCHEMA, "sync_bindings")
SUPPRESSIONS = Table(SCHEMA, "suppressions")
FORGOTTEN = Table(SCHEMA, "forgotten")
SCHEMA_VERSION = Table(SCHEMA, "schema_version")

_FIRST_VERSION = {
    # one row per execution of a command
    RUNS: """
        run_id varchar, command varchar, target varchar, as_of date, state varchar,
        figures varchar, error varchar, started_at timestamp, finished_at timestamp
    """,
    # one row per file landed
    LOADS: """
        load_id bigint, run_id varchar, source varchar, uri varchar, size bigint, checksum varchar,
        format varchar, byte_offset bigint, read bigint, landed bigint, duplicate bigint,
        rejected bigint, blocked bigint, state varchar, loaded_at timestamp
    """,
    # one row per line that is no valid event
    REJECTS: """
        load_id bigint, source varchar, uri varchar, line bigint, reason varchar, raw varchar,
        rejected_at timestamp
    """,
    # one row per value that did not fit its column
    DISCARDS: """
        load_id bigint, source varchar, table_name varchar, column_name varchar,
        column_value varchar, row_id varchar, reason varchar, discarded_at timestamp
    """,
    # one row per plan
    SYNC_PLANS: """
        plan_id varchar, sync varchar, run_id varchar, target varchar, destination varchar,
        account varchar, mode varchar, base_version bigint, mapping_hash varchar,
        mapping_changed boolean, fields varchar, source_rows bigint, acknowledged bigint,
        added bigint, changed bigint, removed bigint, leaving bigint, unchanged bigint,
        invalid bigint, rejected_earlier bigint, requests bigint,
        guards varchar, approved_at timestamp, state varchar, planned_at timestamp
    """,
    # one row per row of a plan; position counts the rows to send, invalid rows have none
    SYNC_ROWS: """
        plan_id varchar, sync varchar, position bigint, key varchar, operation varchar,
        payload varchar, row_hash varchar, version bigint, reason varchar
    """,
    # one row per run of one sync
    SYNC_RUNS: """
        run_id varchar, sync varchar, plan_id varchar, state varchar,
        planned_added bigint, planned_changed bigint, planned_removed bigint,
        attempted_added bigint, attempted_changed bigint, attempted_removed bigint,
        succeeded_added bigint, succeeded_changed bigint, succeeded_removed bigint,
        failed_added bigint, failed_changed bigint, failed_removed bigint,
        unchanged bigint, invalid bigint, rejected_earlier bigint,
        error varchar, started_at timestamp, finished_at timestamp
    """,
    # one row per attempt at a row, append-only
    SYNC_ATTEMPTS: """
        run_id varchar, plan_id varchar, sync varchar, key varchar, operation varchar,
        attempt bigint, outcome varchar, http_status bigint, code varchar, message varchar,
        request_id varchar, idempotency_key varchar, row_hash varchar,
        attempted_at timestamp
    """,
    # one row per key a destination has acknowledged
    SYNC_SNAPSHOT: """
        sync varchar, account varchar, key varchar, row_hash varchar, payload varchar,
        version bigint, removed boolean, acknowledged_at timestamp
    """,
}

_SECOND_VERSION = {
    # one row per breach of a tracking plan, whatever was done about it
    VIOLATIONS: """
        load_id bigint, source varchar, tracking_plan varchar, event_id varchar,
        event_type varchar, event_name varchar, event_timestamp timestamp,
        event_sent_at timestamp, kind varchar, field varchar, description varchar,
        action varchar, violated_at timestamp
    """,
    # one row per event that its tracking plan holds back; payload is its whole line
    BLOCKED: """
        load_id bigint, source varchar, tracking_plan varchar, uri varchar, line bigint,
        event_id varchar, event_type varchar, event_name varchar, reason varchar,
        payload varchar, blocked_at timestamp, replayed_at timestamp
    """,
}

_THIRD_VERSION = {
    SYNC_PLANS: """
        suppressed bigint, withheld bigint, invalid_reasons varchar, mapping_changes varchar,
        selection varchar, seconds double, suppression_state varchar, digest varchar
    """,
    # one row per account a sync has been bound to: by which warehouse, and since when it counts
    SYNC_BINDINGS: """
        sync varchar, account varchar, destination varchar, warehouse varchar,
        bound_at timestamp, reset_at timestamp, emptied_at timestamp, starts_from date
    """,
    # one row per identifier that must not be sent or landed
    SUPPRESSIONS: """
        type varchar, value_hash varchar, reason varchar, since timestamp
    """,
    # one row per request to forget a person; holds hashes and counts only
    FORGOTTEN: """
        forget_id varchar, run_id varchar, type varchar, value_hash varchar, state varchar,
        proof varchar, digest varchar, requested_at timestamp, finished_at timestamp
    """,
}

_FOURTH_VERSION = {
    # one row per group of rows about to be sent, by their positions in the plan
    SYNC_INTENTS: """
        run_id varchar, plan_id varchar, sync varchar, first_position bigint,
        last_position bigint, intended_at timestamp
    """,
    # one row per asynchronous job of a destination; positions are those of its rows in the plan
    SYNC_JOBS: """
        run_id varchar, plan_id varchar, sync varchar, account varchar, job_id varchar,
        positions varchar, attempt bigint, state varchar, started_at timestamp,
        finished_at timestamp
    """,
}

_FIFTH_VERSION = {
    # one row per list or segment at a destination that the members of an audience sync are put on
    SYNC_OBJECTS: """
        sync varchar, account varchar, kind varchar, name varchar, object_id varchar,
        run_id varchar, found_at timestamp
    """,
}

MIGRATIONS: tuple[dict[Table, str], ...] = (
    _FIRST_VERSION,
    _SECOND_VERSION,
    _THIRD_VERSION,
    _FOURTH_VERSION,
    _FIFTH_VERSION,
)
"""What each version of the schema adds, oldest first: tables with their columns, and columns of
tables that are there already."""


LOOK_UPS = (
    (SYNC_ROWS, ("plan_id", "position")),
    (SYNC_ATTEMPTS, ("run_id", "attempted_at")),
    (SYNC_ATTEMPTS, ("sync", "key")),
    (SYNC_SNAPSHOT, ("sync", "account", "key")),
)
"""What is asked for again and again, a few rows of a large table each time."""


def migrate(warehouse: Warehouse) -> None:
    """Bring the system tables to the present version. Costs one small query when they are."""
    applied = schema_version(warehouse)
    if applied == 0:
        _create_all(warehouse)
        return
    for version, tables in enumerate(MIGRATIONS[applied:], start=applied + 1):
        with warehouse.transaction():
            warehouse.execute(f"create schema if not exists {SCHEMA}")
            _create(warehouse, SCHEMA_VERSION, "version bigint, applied_at timestamp")
            for table, columns in tables.items():
                _create(warehouse, table, columns)
            warehouse.execute(f"insert into {SCHEMA_VERSION} values (?, ?)", [version, utc_now()])


def schema_version(warehouse: Warehouse) -> int:
    """The version of the system tables that are there, 0 before the first."""
    if not warehouse.exists(SCHEMA_VERSION):
        return 0
    return warehouse.value(f"select max(version) from {SCHEMA_VERSION}") or 0


def utc_now() -> datetime:
    """The present moment as system tables keep it: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _create_all(warehouse: Warehouse) -> None:
    """Every table as the present version has it, which is quicker than version by version."""
    columns: dict[Table, list[str]] = {}
    for tables in MIGRATIONS:
        for table, added in tables.items():
            columns.setdefault(table, []).append(added)
    with warehouse.transaction():
        warehouse.execute(f"create schema if not exists {SCHEMA}")
        warehouse.execute(f"create table {SCHEMA_VERSION} (version bigint, applied_at timestamp)")
        for table, parts in columns.items():
            warehouse.execute(f"create table {table} ({', '.join(parts)})")
        for table, looked_up in LOOK_UPS:
            warehouse.look_up_by(table, *looked_up)
        versions = ", ".join("(?, ?)" for _ in MIGRATIONS)
        warehouse.execute(
            f"insert into {SCHEMA_VERSION} values {versions}",
            [value for version in range(1, len(MIGRATIONS) + 1) for value in (version, utc_now())],
        )


def _create(warehouse: Warehouse, table: Table, columns: str) -> None:
    present = warehouse.columns(table)
    if not present:
        warehouse.execute(f"create table {table} ({columns})")
        return
    for column in columns.split(","):
        if column.split()[0] not in present:
            warehouse.execute(f"alter table {table} add column {column.strip()}")
