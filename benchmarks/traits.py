"""Traits, profiles and audiences as weft builds them, against a script written by hand.

    python benchmarks/traits.py [--full] [--rows EVENTS] [--json]

30 traits and 10 audiences over a shop's events of 120 days, whose identity is built beforehand and
is not timed; then the next day's 1 %. Both sides keep day cells. ``fixed_seconds`` is the same
build of a shop without events: what dbt takes by itself. ``ratio`` is weft's full build to the
script's; ``incremental_ratio`` is the next day's build to its share of touched profiles of a full
build, both without the fixed part. With ``--json`` one object, the only thing on stdout.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

if not __package__:
    # Run by its path: the neighbours are found from the folder above, in child processes too.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import scenarios, shoppers
from benchmarks.measure import Cost, alternate, measure, say
from benchmarks.scenarios import Figures

IDENTITY = ("--select", "+profile_identifiers", "+identifier_activity", "+profile_events")
TRAITS = (
    "--select",
    "profile_identities profile_custom_traits shop_traits profiles path:models/audiences",
)
_SCRIPT = Path(__file__).parent / "traits_by_hand.sql"
RUNS = 3


def run(folder: Path, rows: int) -> Figures:
    """Every figure, of a shop made in a folder."""
    fixed = _fixed_cost(folder / "empty")
    shop, profiles = folder / "shop", rows // shoppers.EVENTS_PER_PROFILE
    _make(shop)
    shoppers.land(shop, rows, profiles)
    _identify(shop)
    script, full = alternate(
        RUNS,
        lambda: measure(by_hand, shop),
        lambda: measure(dbt_build, shop, shoppers.AS_OF.isoformat(), ("--full-refresh", *TRAITS)),
    )
    _compare(shop)
    shoppers.land_next_day(shop, rows, profiles)
    _identify(shop)
    next_day = measure(dbt_build, shop, shoppers.NEXT_DAY.isoformat(), TRAITS)
    share = _touched_share(shop)
    part = share * (full.seconds - fixed.seconds)
    return {
        "ratio": full.seconds / script.seconds,
        "cpu_ratio": full.cpu_seconds / script.cpu_seconds,
        "ratio_without_fixed": (full.seconds - fixed.seconds) / script.seconds,
        "incremental_ratio": (next_day.seconds - fixed.seconds) / part,
        "incremental_cpu_ratio": (next_day.cpu_seconds - fixed.cpu_seconds)
        / (share * (full.cpu_seconds - fixed.cpu_seconds)),
        "touched_share": share,
        "peak_rss_mb": max(full.peak_rss_mb, next_day.peak_rss_mb),
        "rows": rows,
        **_costs("full", full),
        **_costs("next_day", next_day),
        **_costs("fixed", fixed),
        **_costs("reference", script),
    }


def dbt_build(folder: Path, as_of: str, options: tuple[str, ...]) -> Callable[[], object]:
    """``dbt build`` of some models without their tests; it must succeed."""
    from datetime import date

    import dbt.cli.main  # noqa: F401

    from warehouse.dbt import build
    from warehouse.project import find_project

    def timed() -> None:
        result = build(
            find_project(folder),
            as_of=date.fromisoformat(as_of),
            run_id="benchmark",
            options=["--exclude-resource-type", "test", *options],
        )
        if result.failures:
            raise SystemExit(str(result.failures[0]))

    return timed


def by_hand(folder: Path) -> Callable[[], object]:
    """The script, and a table per audience."""
    as_of = f"date '{shoppers.AS_OF}'"
    statements = _SCRIPT.read_text("utf-8").replace("{as_of}", as_of)
    audiences = [
        f"create table by_hand.{name} as"
        f" select profile_id, user_id from by_hand.profiles where {condition}"
        for name, condition in shoppers.AUDIENCES.items()
    ]

    def timed() -> None:
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute("set enable_progress_bar = false")
            connection.execute("set threads = 2")
            connection.execute("drop schema if exists by_hand cascade")
            connection.execute(statements)
            for audience in audiences:
                connection.execute(audience)

    return timed


def _make(folder: Path) -> None:
    shoppers.make_project(folder)
    measure(_migrate, folder)


def _migrate(folder: Path) -> Callable[[], object]:
    from warehouse.project import find_project
    from warehouse.system_tables import migrate

    def timed() -> None:
        with find_project(folder).open() as warehouse:
            migrate(warehouse)

    return timed


def _identify(folder: Path) -> None:
    cost = measure(dbt_build, folder, shoppers.NEXT_DAY.isoformat(), IDENTITY)
    say(f"identity, not part of the comparison: {cost.seconds:.1f} s")


def _fixed_cost(folder: Path) -> Cost:
    """What the build takes where nothing has happened; the second time, as on any later day."""
    _make(folder)
    for _ in range(2):
        _identify(folder)
        cost = measure(dbt_build, folder, shoppers.AS_OF.isoformat(), TRAITS)
    return cost


def _compare(folder: Path) -> None:
    """Both sides have the same profiles, and so the same audiences."""
    columns = ", ".join(["profile_id", "user_id", "user_id_all", "plan", "city", *shoppers.TRAITS])
    ours, script = (
        f"select {columns} from {schema}.profiles" for schema in ("analytics", "by_hand")
    )
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            f"select count(*) from ({ours} except {script} union all ({script} except {ours}))"
        ).fetchone()
    if rows != (0,):
        raise SystemExit(f"{rows} profiles differ between weft and the script.")


def _touched_share(folder: Path) -> float:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute(
            "select is_full, count_touched / (select count(*) from analytics.profiles)"
            " from analytics.trait_builds where model_name = 'shop_traits'"
            " order by build desc limit 1"
        ).fetchone()
    if row is None or row[0]:
        raise SystemExit("The next day was built in full.")
    return float(row[1])


def _costs(name: str, cost: Cost) -> Figures:
    return {
        f"{name}_seconds": cost.seconds,
        f"{name}_cpu_seconds": cost.cpu_seconds,
        f"{name}_rss_mb": cost.peak_rss_mb,
    }


SCENARIOS: dict[str, scenarios.Scenario] = {"shop": (run, 1_000_000, 10_000_000)}

if __name__ == "__main__":
    scenarios.run("traits", SCENARIOS, {})
