"""The command line that all benchmarks share: choose a scenario and its size, print its figures."""

import argparse
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Figures = dict[str, float | int | str]
Scenario = tuple[Callable[..., Figures], int, int]
"""What is run, given an empty folder and a number of rows; how many by default and with --full."""


def run(
    benchmark: str,
    scenarios: Mapping[str, Scenario],
    peers: Mapping[str, str],
    engines: Sequence[str] = (),
) -> None:
    """Run the scenario that the command line names and print its figures.

    ``peers`` are the scenarios that need a package which weft does not, and that package. Where
    there are ``engines``, the command line chooses some, and the scenario is given them.
    """
    usual = next(iter(scenarios))
    parser = argparse.ArgumentParser(description=f"Benchmarks of {benchmark}.")
    parser.add_argument("--scenario", choices=scenarios, default=usual)
    parser.add_argument("--rows", type=int, help="rows, instead of the scenario's number")
    parser.add_argument("--full", action="store_true", help="the size that the goal names")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    if engines:
        parser.add_argument(
            "--engine", choices=engines, action="append", help="an engine; may be given again"
        )
    chosen = parser.parse_args()
    given = {"engines": chosen.engine} if engines and chosen.engine else {}
    peer = peers.get(chosen.scenario)
    if peer and importlib.util.find_spec(peer) is None:
        sys.exit(f"This scenario compares with {peer}, which is not installed: pip install {peer}")
    scenario, default, full = scenarios[chosen.scenario]
    with tempfile.TemporaryDirectory() as folder:
        figures = scenario(Path(folder), chosen.rows or (full if chosen.full else default), **given)
    _print(
        {"benchmark": benchmark, "scenario": chosen.scenario} | figures, as_json=bool(chosen.json)
    )


def _print(figures: Figures, as_json: bool) -> None:
    rounded = {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    if as_json:
        print(json.dumps(rounded))
        return
    width = max(len(name) for name in rounded) + 2
    for name, value in rounded.items():
        print(f"{name:{width}}{value}")
