"""What ``benchmarks/plan.py`` times: a plan by weft, and the same hashes and join by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.manifests import manifest_of

SYNC = "customers_to_files"
_MODEL = "analytics.customers"
_FILES = {
    "dbt_project.yml": "name: shop\nprofile: shop\n",
    "profiles.yml": (
        "shop:\n  target: prod\n  outputs:\n"
        "    prod: {type: duckdb, path: warehouse.duckdb, schema: analytics}\n"
    ),
    "weft.yml": "destinations:\n  exports: {type: files, folder: exports, format: csv}\n",
    "models/syncs.yml": "exposures: []\n",
}
# Every hundredth row differs: of a thousand rows four changed, three came and three went.
_ROWS = """
    select
        'customer.' || i || '@example.com' as email,
        'Name ' || (i * 7919 % 100003) || case when i % 1000 < {changed} then '!' else '' end
            as name,
        cast(i % 1000 as decimal(38, 9)) / 7 as spent,
        i % 50 as orders,
        timestamp '2026-01-01' + interval (i % 100000) minute as last_seen_at
    from range({first}, {last}) t(i)
    where i % 1000 not between {gap} and {gap} + 2
"""


def make_shop(folder: Path, rows: int) -> None:
    """A project whose destination has acknowledged a model of so many rows, 1 % of it different."""
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "target").mkdir(exist_ok=True)
    (folder / "target" / "manifest.json").write_text(json.dumps(_manifest()))
    last = rows + rows * 3 // 997
    before = _ROWS.format(first=0, last=last, changed=0, gap=990)
    after = _ROWS.format(first=0, last=last, changed=4, gap=980)
    _fill(folder, before, after)


def making(folder: Path, rows: int) -> Callable[[], object]:
    """``make_shop``, as work to be measured."""
    return lambda: make_shop(folder, rows)


def plan(folder: Path) -> Callable[[], object]:
    """``weft plan``, opening and closing of the warehouse included."""
    from reverse_etl.plan import make_plan
    from warehouse.runs import record_run

    def timed() -> None:
        project, sync = _open(folder)
        with (
            project.open() as warehouse,
            record_run(warehouse, command="plan", target="prod", as_of=project.today()) as run,
        ):
            make_plan(warehouse, project, sync, run)

    return timed


def join(folder: Path) -> Callable[[], object]:
    """The same keys and hashes and a full outer join, with the memory that a plan may use."""
    import duckdb

    from reverse_etl.plan import MEMORY

    account, key, row_hash = json.loads((folder / "expressions.json").read_text())

    def timed() -> None:
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute("set enable_progress_bar = false")
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"set memory_limit = '{MEMORY}'")
            connection.execute(
                f"""
                create temp table difference as
                select coalesce(source.key, snapshot.key) as key, source.row_hash,
                    case when snapshot.key is null then 'add' when source.key is null then 'remove'
                        else 'change' end as operation
                from (select {key} as key, {row_hash} as row_hash from {_MODEL} as source) as source
                full outer join (
                    select key, row_hash from weft.sync_snapshot where sync = ? and account = ?
                ) as snapshot on snapshot.key = source.key
                where source.row_hash is distinct from snapshot.row_hash
                """,
                [SYNC, account],
            )
            connection.execute("select operation, count(*) from difference group by 1").fetchall()

    return timed


def _fill(folder: Path, before: str, after: str) -> None:
    from reverse_etl.mapping import resolve_mapping
    from reverse_etl.payload import key_text, payload, row_hash
    from warehouse.system_tables import migrate

    project, sync = _open(folder)
    account = sync.destination.account()
    with project.open() as warehouse:
        migrate(warehouse)
        warehouse.execute("create schema analytics")
        warehouse.execute(f"create table {_MODEL} as {before}")
        mapping = resolve_mapping(warehouse, sync)
        expressions = [key_text(mapping, "source"), row_hash(mapping, "source")]
        warehouse.execute(
            f"insert into weft.sync_snapshot select ?, ?, {expressions[0]}, {expressions[1]},"
            f" {payload(mapping, 'source')}, 1, false, timestamp '2026-01-01'"
            f" from {_MODEL} as source",
            [sync.name, account],
        )
        warehouse.execute(f"create or replace table {_MODEL} as {after}")
    (folder / "expressions.json").write_text(json.dumps([account, *expressions]))


def _open(folder: Path) -> tuple[Any, Any]:
    from reverse_etl.syncs import read_syncs
    from warehouse.manifest import Manifest
    from warehouse.project import find_project

    project = find_project(folder)
    manifest = Manifest(folder / "target" / "manifest.json")
    return project, read_syncs(project, manifest)[SYNC]


def _manifest() -> dict[str, Any]:
    fields = ("name", "spent", "orders", "last_seen_at")
    settings = {
        "destination": "exports",
        "mode": "mirror",
        "key": "email",
        "fields": {name: name for name in fields},
    }
    return manifest_of(SYNC, settings, schema="analytics")
