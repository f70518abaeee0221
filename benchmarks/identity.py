"""Identity beside scipy's connected components, from landed strings to (type, value, label).

    python -m benchmarks.identity [--full] [--json]

Both sides read the same landed calls, normalise and block by the same rules, and end with a table
of identifiers and labels in DuckDB. weft also refuses links, so its labels are other ones; it keeps
its state, so that new links cost what they touch. ``--scenario path`` is one chain.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import Cost, alternate, measure, say
from benchmarks.people import land_news, land_path, land_people

Figures = dict[str, float]
SOLVED = ("model_identifiers", "identifiers", "identity_links", "identity_trees")
GIVEN = ("profile_id_register", "refused_links", "profile_identifiers")
LABELS = """
select identifier_type, identifier_value, piece_id
from {{ ref('identifiers') }} inner join {{ ref('identity_trees') }} using (identifier_id)
"""
_NOBODY = "('-1', 'null', 'undefined', 'none', 'nan', 'anonymous')"


def main() -> None:
    """Run a scenario and print its figures."""
    parser = argparse.ArgumentParser(description="Benchmarks of identity.")
    parser.add_argument("--scenario", choices=SCENARIOS, default="people")
    parser.add_argument("--rows", type=int, help="people or links, instead of the usual number")
    parser.add_argument("--full", action="store_true", help="the size that the goal names")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args()
    scenario, usual, full = SCENARIOS[chosen.scenario]
    with tempfile.TemporaryDirectory() as folder:
        figures = scenario(Path(folder), chosen.rows or (full if chosen.full else usual))
    rounded = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in (
            {"benchmark": "identity", "scenario": chosen.scenario} | figures
        ).items()
    }
    if chosen.json:
        print(json.dumps(rounded))
    else:
        for name, value in rounded.items():
            print(f"{name:28}{value}")


def people(folder: Path, rows: int) -> Figures:
    """People with addresses and browsers: built anew beside scipy, then 28,000 new links."""
    database = folder / "landed.duckdb"
    calls = land_people(database, rows)
    theirs, ours = alternate(
        3,
        partial(measure, connected_components, folder, database),
        partial(measure, full_build, folder, database, (*SOLVED, "labels")),
    )
    news = [_incremental(folder, database) for _ in range(3)]
    added, quiet, whole = min(news, key=lambda costs: costs[0].seconds)
    return {
        "ratio": ours.seconds / theirs.seconds,
        "cpu_ratio": ours.cpu_seconds / theirs.cpu_seconds,
        "incremental_ratio": (added.seconds - quiet.seconds) / ours.seconds,
        "rows": rows,
        "events": calls,
        "scipy_seconds": theirs.seconds,
        "scipy_cpu_seconds": theirs.cpu_seconds,
        "seconds": ours.seconds,
        "cpu_seconds": ours.cpu_seconds,
        "peak_rss_mb": max(ours.peak_rss_mb, whole.peak_rss_mb),
        "with_profile_ids_seconds": whole.seconds,
        "with_profile_ids_cpu_seconds": whole.cpu_seconds,
        "new_links_seconds": added.seconds,
        "new_links_cpu_seconds": added.cpu_seconds,
        "nothing_new_seconds": quiet.seconds,
        "nothing_new_cpu_seconds": quiet.cpu_seconds,
    }


def path(folder: Path, rows: int) -> Figures:
    """One chain of anonymous ids, each seen with the next one, in order."""
    database = folder / "landed.duckdb"
    land_path(database, rows)
    (cost,) = alternate(3, partial(measure, full_build, folder, database, SOLVED))
    return {
        "rows": rows,
        "seconds": cost.seconds,
        "cpu_seconds": cost.cpu_seconds,
        "peak_rss_mb": cost.peak_rss_mb,
    }


SCENARIOS: dict[str, tuple[Callable[[Path, int], Figures], int, int]] = {
    "people": (people, 100_000, 1_000_000),
    "path": (path, 100_000, 1_000_000),
}
"""What can be run, with its rows by default and with ``--full``."""


def _incremental(folder: Path, database: Path) -> tuple[Cost, Cost, Cost]:
    """What new links cost, what nothing new costs, and what the first build cost."""
    models = (*SOLVED, *GIVEN)
    whole = measure(full_build, folder, database, models)
    land_news(folder / "project" / "dev.duckdb")
    added = measure(next_build, folder, models)
    quiet = measure(next_build, folder, models)
    say(f"new links: {added.seconds:.2f} s, nothing new: {quiet.seconds:.2f} s")
    return added, quiet, whole


def full_build(folder: Path, database: Path, models: tuple[str, ...]) -> Callable[[], object]:
    """A first build in a fresh project, to be timed."""
    from cli.scaffold import write_project
    from warehouse.dbt import parse
    from warehouse.project import find_project

    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    write_project(project)
    (project / "models" / "labels.sql").write_text("{{ config(materialized='table') }}\n" + LABELS)
    shutil.copyfile(database, project / "dev.duckdb")
    parse(find_project(project))
    return next_build(folder, models)


def next_build(folder: Path, models: tuple[str, ...]) -> Callable[[], object]:
    """A build in the project as it is, to be timed."""
    import dbt.cli.main  # noqa: F401  # not to be timed

    from warehouse.dbt import build
    from warehouse.project import find_project

    project = find_project(folder / "project")
    options = ["--select", *models, "--exclude-resource-type", "test"]

    def timed() -> None:
        result = build(project, as_of=date(2026, 9, 29), run_id="benchmark", options=options)
        if result.failures:
            sys.exit(f"The build failed: {result.failures}")

    return timed


def connected_components(folder: Path, database: Path) -> Callable[[], object]:
    """The reference: strings coded by DuckDB, components by scipy, labels back into DuckDB."""
    import numpy
    import pyarrow
    from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
    from scipy.sparse.csgraph import connected_components as solve  # type: ignore[import-untyped]

    copied = folder / "reference.duckdb"
    shutil.copyfile(database, copied)

    def timed() -> None:
        with duckdb.connect(str(copied)) as connection:
            connection.execute(_reference_nodes())
            connection.execute(_reference_edges())
            edges: Any = connection.execute("select a, b from edges").fetchnumpy()
            (count,) = connection.execute("select count(*) from nodes").fetchall()[0]
            ones = numpy.ones(len(edges["a"]), dtype=numpy.int8)
            matrix = coo_matrix((ones, (edges["a"], edges["b"])), shape=(count, count))
            _, labels = solve(matrix, directed=False)
            table = pyarrow.table({"id": numpy.arange(count), "label": labels})
            connection.register("labels", table)
            connection.execute(
                "create table result as select type, value, label from nodes inner join labels"
                " using (id)"
            )

    return timed


def _reference_nodes() -> str:
    columns = [
        ("user_id", "user_id"),
        ("email", "lower(trim(context_traits_email))"),
        ("anonymous_id", "anonymous_id"),
    ]
    values = " union all ".join(
        f"select '{type}' as type, {value} as value from web.tracks" for type, value in columns
    )
    return f"""
        create temp table nodes as
        select type, value, row_number() over () - 1 as id
        from (select distinct type, value from ({values}) where {_is_identifying("value")})
    """


def _reference_edges() -> str:
    joins = [
        ("user_id", "user_id", "email", "lower(trim(context_traits_email))", "true"),
        ("user_id", "user_id", "anonymous_id", "anonymous_id", "true"),
        *[("email", "lower(trim(context_traits_email))", "anonymous_id", "anonymous_id")],
    ]
    return "create temp table edges as " + " union all ".join(
        f"select a.id as a, b.id as b from web.tracks"
        f" inner join nodes as a on a.type = '{one[0]}' and a.value = {one[1]}"
        f" inner join nodes as b on b.type = '{one[2]}' and b.value = {one[3]}"
        f" where {'user_id is null' if one[0] == 'email' else 'true'}"
        for one in joins
    )


def _is_identifying(value: str) -> str:
    return (
        f"trim({value}) <> '' and lower(trim({value})) not in {_NOBODY}"
        f" and not regexp_matches({value}, '^[0-]*$')"
    )


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    say(f"{time.perf_counter() - started:.0f} s in all")
