"""How the figures of identity look to a person."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import click

from cli.tables import format_table
from cli.words import counted, one_line

Figures = Mapping[str, Any]


def print_check(figures: Figures) -> None:
    """The figures of a build, the profiles to look at, and what is past a threshold."""
    identifiers = counted(figures["identifiers"], "identifier")
    churn, match = _share(figures["churn_percent"]), _share(figures["match_percent"])
    click.echo(
        f"Identity as of {figures['as_of']}: {counted(figures['profiles'], 'profile')}"
        f" ({figures['known_profiles']:,} known) from {identifiers}"
    )
    click.echo(
        f"  of {figures['profiles_before']:,} before {figures['survived']:,} survived,"
        f" {figures['retired']:,} retired, {figures['split']:,} split{churn};"
        f" {figures['minted']:,} minted, {figures['taken_up']:,} taken up again"
    )
    click.echo(
        f"  {figures['matched_identifiers']:,} of {figures['anonymous_identifiers']:,}"
        f" anonymous ids belong to a known profile{match}"
    )
    refused = ", ".join(f"{count:,} {reason}" for reason, count in figures["refused_links"].items())
    click.echo(f"  refused links: {refused}")
    _print_watched("Largest profiles", figures["largest"])
    _print_watched("Near a limit", figures["near_limit"])
    more = figures["near_limit_total"] - len(figures["near_limit"])
    if more > 0:
        click.echo(f"  and {more:,} more")
    for breach in figures["breaches"]:
        click.echo(f"\nPast a threshold: {breach}")


def _share(percent: float | None) -> str:
    return "" if percent is None else f" ({percent:g} %)"


def _print_watched(heading: str, profiles: list[Figures]) -> None:
    if not profiles:
        return
    names = ["profile_id", "identifier_type", "identifiers", "limit"]
    names = [name for name in names if any(one[name] is not None for one in profiles)]
    rows = [[one[name] for name in names] for one in profiles]
    headings = [{"profile_id": "profile", "identifier_type": "type"}.get(n, n) for n in names]
    click.echo(f"\n{heading}\n{format_table(headings, rows)}")


def print_simulation(figures: Figures) -> None:
    """What would merge and split, the largest profiles, and examples."""
    click.echo(
        f"Simulation: {counted(figures['profiles_before'], 'profile')} would be"
        f" {figures['profiles_after']:,}; {figures['merged_profiles']:,} would merge into"
        f" {figures['merges']:,}, {figures['splits']:,} would split into {figures['split_parts']:,}"
    )
    click.echo(
        f"  {figures['identifiers_gone']:,} identifiers would be none,"
        f" {figures['identifiers_new']:,} would be new"
    )
    if figures["profiles_after"]:
        click.echo("\nLargest profiles, now and then")
        _print_largest(figures["largest_before"], figures["largest_after"])
    for heading, kind in (("Would become one", "merge"), ("Would become several", "split")):
        examples = [one for one in figures["examples"] if one["kind"] == kind]
        if examples:
            click.echo(f"\n{heading}, {len(examples)} of {_total(figures, kind):,}")
        for example in examples:
            _print_example(example)


def _total(figures: Figures, kind: str) -> int:
    total: int = figures["merges" if kind == "merge" else "splits"]
    return total


def _print_largest(before: list[Figures], after: list[Figures]) -> None:
    rows = [
        [
            *([one["identifiers"], _named(one["example"])] if one else [None, None]),
            *([other["identifiers"], _named(other["example"])] if other else [None, None]),
        ]
        for one, other in zip_longest(before, after)
    ]
    click.echo(format_table(("now", "with", "then", "with"), rows))


def _print_example(example: Figures) -> None:
    name = f"profile {example['profile_id']}" if example["profile_id"] else "one profile of"
    click.echo(f"  {name}")
    for part in example["parts"]:
        names = ", ".join(_named(one) for one in part["identifiers"])
        more = part["identifiers_total"] - len(part["identifiers"])
        owner = f" (profile {part['profile_id']})" if part["profile_id"] else ""
        click.echo(f"    - {names}{f' and {more:,} more' if more else ''}{owner}")
    more = example["parts_total"] - len(example["parts"])
    if more:
        click.echo(f"    - and {more:,} more")


def _named(identifier: Figures) -> str:
    return one_line(f"{identifier['identifier_type']}:{identifier['identifier_value']}")
