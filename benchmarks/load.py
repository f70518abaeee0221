"""``weft load`` against DuckDB's own read of the same events.

    python benchmarks/load.py [--json] [--full] [--scenario NAME] [--rows N]

A scenario makes its own data in a temporary folder, checks where everything ended, and prints its
figures; with ``--json`` as one object, the only thing on stdout.
"""

import sys
from functools import partial
from pathlib import Path

import duckdb

if not __package__:
    # Run by its path: the neighbours are found from the folder above, in child processes too.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks.events import Written, write_mixed, write_wide
from benchmarks.measure import Cost, alternate, measure, say
from benchmarks.plans import write_plan
from benchmarks.scenarios import Figures, Scenario, run
from benchmarks.works import dlt_read, duckdb_read, make_project, weft


def read(folder: Path, rows: int) -> Figures:
    """A file with every oddity, against DuckDB's own read of a clean copy: best of five."""
    return _against_duckdb(folder, rows)


def plan(folder: Path, rows: int) -> Figures:
    """As ``read``, with every event held to a tracking plan of 25 rules."""
    make_project(folder / "shop")
    write_plan(folder / "shop" / "plan.json")
    figures = _against_duckdb(folder, rows, "plan.json")
    _expect(folder / "shop", "select count(*) > 0 from weft.violations", True)
    return figures


def _against_duckdb(folder: Path, rows: int, plan: str | None = None) -> Figures:
    written = write_mixed(folder, rows)
    reference, ours = alternate(
        5,
        lambda: measure(duckdb_read, folder / "reference.duckdb", written.clean),
        lambda: measure(weft, make_project(folder / "shop", plan), str(written.dirty)),
    )
    _check_mixed(folder / "shop", written)
    return {
        "ratio": ours.seconds / reference.seconds,
        "cpu_ratio": ours.cpu_seconds / reference.cpu_seconds,
        "bytes_per_event": written.dirty.stat().st_size / rows,
        "reference_seconds": reference.seconds,
        "reference_cpu_seconds": reference.cpu_seconds,
        **_figures(ours, written.events),
    }


def growth(folder: Path, rows: int) -> Figures:
    """Ten files one after the other: how much more the last one costs than the first."""
    make_project(folder / "shop")
    costs = []
    for seed in range(10):
        written = write_mixed(folder, rows // 10, seed)
        costs.append(measure(weft, folder / "shop", str(written.dirty)))
        say(f"file {seed + 1}: {costs[-1].seconds:.2f} s, {costs[-1].peak_rss_mb:.0f} MB")
        written.dirty.unlink()
        written.clean.unlink()
    _expect(folder / "shop", "select count(distinct load_id) from web.tracks", 10)
    return {
        "ratio": costs[-1].seconds / costs[0].seconds,
        "first_seconds": costs[0].seconds,
        "last_seconds": costs[-1].seconds,
        "cpu_ratio": costs[-1].cpu_seconds / costs[0].cpu_seconds,
        "peak_rss_mb": max(cost.peak_rss_mb for cost in costs),
        "rows": rows,
    }


def small_files(folder: Path, rows: int) -> Figures:
    """A thousand files that share the events evenly."""
    written = write_mixed(folder, rows)
    parts = folder / "parts"
    parts.mkdir()
    with written.dirty.open(encoding="utf-8") as lines:
        for number in range(1000):
            part = [next(lines) for _ in range(rows // 1000)]
            (parts / f"{number:04}.ndjson").write_text("".join(part), encoding="utf-8")
    cost = measure(weft, make_project(folder / "shop"), str(parts / "*.ndjson"))
    _expect(folder / "shop", "select count(*) from weft.loads", 1000)
    _check_mixed(folder / "shop", written)
    return _figures(cost, written.events)


def wide(folder: Path, rows: int) -> Figures:
    """200 event names of 50 properties, and an event of 2,000; against a tenth of the names."""
    each = rows // 200
    write_wide(folder / "few.ndjson", 20, 50, each * 10, 2000)
    write_wide(folder / "many.ndjson", 200, 50, each, 2000)
    few, many = alternate(
        3,
        lambda: measure(weft, make_project(folder / "few"), str(folder / "few.ndjson")),
        lambda: measure(weft, make_project(folder / "many"), str(folder / "many.ndjson")),
    )
    _expect(folder / "many", "select p1999 from web.widest", "1999")
    _expect(folder / "many", "select count(field_199_49) from web.event_199", each)
    return {
        "ratio": many.seconds / few.seconds,
        "few_names_seconds": few.seconds,
        **_figures(many, rows + 1),
    }


def dlt(folder: Path, rows: int) -> Figures:
    """The same file into dlt: how many times faster weft is."""
    written = write_mixed(folder, rows)
    ours = measure(weft, make_project(folder / "shop"), str(written.clean))
    theirs = measure(dlt_read, folder, written.clean)
    return {
        "ratio": theirs.seconds / ours.seconds,
        "dlt_seconds": theirs.seconds,
        **_figures(ours, written.events),
    }


SCENARIOS: dict[str, Scenario] = {
    "read": (read, 1_000_000, 1_000_000),
    "plan": (plan, 300_000, 1_000_000),
    "growth": (growth, 2_000_000, 10_000_000),
    "small-files": (small_files, 1_000_000, 1_000_000),
    "wide": (wide, 100_000, 100_000),
    "dlt": (dlt, 20_000, 100_000),
}
"""What can be run, with its rows by default and with ``--full``."""


def _figures(cost: Cost, rows: int) -> Figures:
    return {
        "seconds": cost.seconds,
        "cpu_seconds": cost.cpu_seconds,
        "peak_rss_mb": cost.peak_rss_mb,
        "rows": rows,
    }


def _check_mixed(project: Path, written: Written) -> None:
    """Everything ended where it should."""
    expect = partial(_expect, project)
    late, conflict = written.late_field_id, written.conflict_id
    total = "select sum(read), sum(landed), sum(rejected) from weft.loads"
    read = written.events + written.broken
    expect(total, read, written.events, written.broken)
    expect("select count(*), min(reason) from weft.rejects", written.broken, "not valid JSON")
    expect("select count(*), count(gift_note) from web.product_added where gift_note = 'é!'", 1, 1)
    expect(f"select gift_note from web.product_added where id = '{late}'", "é!")
    kept = f"""
        select
            (select count(*) from web.product_added where quantity::varchar = 'many')
            + (select count(*) from weft.discards where column_value = 'many'),
            (select count(*) from web.tracks where id = '{conflict}')
    """
    expect(kept, 1, 1)
    expect("select count(*) from web.tracks where id <> upper(id)", 0)


def _expect(project: Path, sql: str, *expected: object) -> None:
    with duckdb.connect(str(project / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(sql).fetchone()
    if found is None or tuple(found) != expected:
        raise SystemExit(f"Expected {expected}, found {found}: {' '.join(sql.split())}")


if __name__ == "__main__":
    run("load", SCENARIOS, peers={"dlt": "dlt"})
