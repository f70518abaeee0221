"""What ``benchmarks/push.py`` times: a push by weft, and a bare loop that sends the same bytes."""

import asyncio
import contextlib
import json
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.manifests import manifest_of

SYNC = "customers_to_crm"
CONCURRENCY = 8
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def make_project(folder: Path, url: str, rows: int, per_request: int) -> None:
    """A project whose model has so many customers and whose sync has never run."""
    import yaml

    sync = {"destination": "crm", "mode": "mirror", "key": "email", "fields": "*"}
    webhook = {"type": "webhook", "url": url, "rows_per_request": per_request}
    webhook |= {"concurrency": CONCURRENCY, "allow_private_addresses": True}
    output = {"type": "duckdb", "path": "warehouse.duckdb"}
    files: dict[str, Any] = {
        "dbt_project.yml": {"name": "shop", "profile": "shop"},
        "profiles.yml": {"shop": {"target": "prod", "outputs": {"prod": output}}},
        "weft.yml": {"destinations": {"crm": webhook}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in files.items():
        (folder / name).write_text(yaml.safe_dump(values), encoding="utf-8")
    (folder / "manifest.json").write_text(
        json.dumps(manifest_of(SYNC, sync, schema="shop")), encoding="utf-8"
    )
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal"):
        (folder / name).unlink(missing_ok=True)
    with _warehouse(folder) as (_, warehouse):
        warehouse.execute("create schema shop")
        warehouse.execute(
            f"""
            create table shop.customers as
            select 'customer-' || i || '@example.com' as email, 'Zoë 🙂 ' || i as name,
                'plan ' || i % 5 as plan, (i * 7.25)::decimal(38, 9) as lifetime_revenue,
                i % 40 as orders, timestamp '2026-01-01' + to_minutes(i) as last_seen_at,
                i % 3 = 0 as newsletter
            from range({rows}) as numbers(i)
            """
        )


def push(folder: Path) -> Callable[[], object]:
    """``push`` of a plan that has been made: reading its rows, sending them, ledger, snapshot."""
    import httpx

    from reverse_etl.plan import make_plan
    from reverse_etl.push import push
    from warehouse.runs import record_run

    del httpx  # imported here, so that importing it is not timed
    opened = _warehouse(folder)
    sync, warehouse = opened.__enter__()
    from warehouse.project import find_project

    project = find_project(folder)
    recorded = record_run(warehouse, command="sync", target="prod", as_of=date(2026, 1, 31))
    run = recorded.__enter__()
    plan = make_plan(warehouse, project, sync, run)

    def timed() -> None:
        report = push(warehouse, project, sync, plan, run)
        if report.succeeded.total != plan.planned:
            raise SystemExit(f"Not every row was acknowledged: {report}")
        recorded.__exit__(None, None, None)
        opened.__exit__(None, None, None)

    return timed


def keep_requests(folder: Path, file: Path) -> int:
    """Store the requests that the push would send; how many bytes their bodies have."""
    from reverse_etl.destinations.kit.http_base import HttpDestination
    from reverse_etl.destinations.kit.rows import Batch
    from reverse_etl.ledger import Ledger
    from reverse_etl.plan import make_plan
    from warehouse.project import find_project
    from warehouse.runs import record_run

    with (
        _warehouse(folder) as (sync, warehouse),
        record_run(warehouse, command="plan", target="prod", as_of=date(2026, 1, 31)) as run,
    ):
        plan = make_plan(warehouse, find_project(folder), sync, run)
        destination = sync.destination.open()
        if not isinstance(destination, HttpDestination):
            raise TypeError(type(destination).__name__)
        pages = Ledger(warehouse, plan, run, 1).pages(1, plan.planned, destination.most_rows)
        requests = [destination.request(Batch(sync.purpose(), page)) for page in pages]
    kept = [(one.method, one.url, dict(one.headers), one.body) for one in requests]
    file.write_bytes(pickle.dumps(kept))
    return sum(len(body) for *_, body in kept)


def bare_loop(file: Path) -> Callable[[], object]:
    """The same requests, sent by as many tasks with httpx and nothing else."""
    import httpx

    requests = pickle.loads(file.read_bytes())

    async def send_all() -> None:
        waiting = iter(requests)
        limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:

            async def work() -> None:
                for method, url, headers, body in waiting:
                    response = await client.request(method, url, headers=headers, content=body)
                    response.raise_for_status()

            await asyncio.gather(*(work() for _ in range(CONCURRENCY)))

    return lambda: asyncio.run(send_all())


@contextmanager
def answering() -> Iterator[str]:
    """The address of a server in a process of its own that answers everything with 200."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/hook"
    finally:
        process.terminate()
        process.join()


class _Answering(asyncio.Protocol):
    """Reads a request's head for its length, and answers when its body is there."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            start = head.index(b"content-length:") + len(b"content-length:")
            whole = end + 4 + int(head[start:].split(b"\r\n", 1)[0])
            if len(self._buffer) < whole:
                return
            del self._buffer[:whole]
            self._transport.write(_ANSWER)


def _serve(connection: Connection) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
        connection.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())


@contextmanager
def _warehouse(folder: Path) -> Iterator[tuple[Any, Any]]:
    from reverse_etl.syncs import read_syncs
    from warehouse.manifest import Manifest
    from warehouse.project import find_project
    from warehouse.system_tables import migrate

    project = find_project(folder)
    [sync] = read_syncs(project, Manifest(folder / "manifest.json")).values()
    with project.open() as warehouse:
        migrate(warehouse)
        yield sync, warehouse
