"""How audiences look: tables for people, and the drawing of a history."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from cli.tables import format_table

Figures = Mapping[str, Any]

_BAR = 40
"""Characters of the longest bar of a history."""
_WIDEST = 40
"""Characters of a value that a sample shows."""


def print_list(figures: Figures) -> None:
    """Every audience with its size and where it goes."""
    if not figures["audiences"]:
        click.echo("The project has no audiences; add a select in models/audiences/.")
        return
    rows = [
        [
            one["audience"],
            "not built" if one["size"] is None else one["size"],
            one["held_out"],
            one["changed"] or "",
            one["owner"] or "",
            ", ".join(one["syncs"]),
        ]
        for one in figures["audiences"]
    ]
    click.echo(format_table(("audience", "size", "held out", "changed", "owner", "syncs"), rows))


def print_show(figures: Figures) -> None:
    """What an audience rests on, then its compiled SQL."""
    click.echo(f"Audience {figures['audience']} ({figures['path']}), as of {figures['as_of']}")
    for heading, values in (
        ("models", figures["models"]),
        ("traits", [_trait(one) for one in figures["traits"]]),
        ("events", figures["events"]),
        ("conditions", figures["conditions"]),
        ("syncs", figures["syncs"]),
    ):
        for number, value in enumerate(values):
            click.echo(f"  {heading if number == 0 else '':<10}  {value}")
    click.echo()
    click.echo(figures["sql"])


def _trait(used: Figures) -> str:
    definition = ", ".join(f"{name}: {value}" for name, value in used["definition"].items())
    return f"{used['trait']} ({used['model']}: {definition})"


def print_preview(figures: Figures) -> None:
    """Size, who has which identifier, what is shared with others, and some members."""
    size = figures["size"]
    click.echo(f"Audience {figures['audience']}, as of {figures['as_of']}: {_members(size)}")
    if figures["entering"] is not None:
        click.echo(
            f"  against the table that is built: {figures['entering']:,} would enter,"
            f" {figures['leaving']:,} would leave"
        )
    for sync in figures["syncs"]:
        click.echo(f"  sent by the sync {sync}")
    _print_rows(
        ("identifier", "members", "percent"),
        [[one["type"], one["members"], one["percent"]] for one in figures["identifiers"]],
    )
    _print_rows(
        ("other audience", "size", "shared", "percent"),
        [
            [one["audience"], one["size"], one["shared"], one["percent"]]
            for one in figures["overlaps"]
        ],
    )
    _print_sample("Some members", figures["sample"])


def print_diff(figures: Figures) -> None:
    """How many are in one and not the other, whose columns differ, and some of them."""
    click.echo(
        f"{figures['before']}: {_members(figures['size_before'])};"
        f" {figures['after']}: {_members(figures['size_after'])}"
    )
    if "models" in figures:
        models = ", ".join(figures["models"]) or "no model differs"
        click.echo(f"  as of {figures['as_of']}; built to compare: {models}")
    click.echo(
        f"  {figures['both']:,} in both, {figures['removed']:,} only in the first (-),"
        f" {figures['added']:,} only in the second (+)"
    )
    for name in ("removed", "added"):
        if figures[f"columns_{name}"]:
            click.echo(f"  columns {name}: {', '.join(figures[f'columns_{name}'])}")
    for one in figures["columns"]:
        click.echo(f"  {one['column']} differs for {_members(one['members'])} of both")
    _print_sample("- only in the first", figures["sample_removed"])
    _print_sample("+ only in the second", figures["sample_added"])


def print_history(figures: Figures) -> None:
    """A row per date on which the audience changed, with a bar as long as it was large."""
    sizes = figures["sizes"]
    if not sizes:
        click.echo(f"Nobody has entered {figures['audience']} yet.")
        return
    largest = max(1, *(one["size"] for one in sizes))
    names = ("as_of", "entered", "exited", "held_out", "size")
    rows = [
        [*(one[name] for name in names), "█" * round(_BAR * one["size"] / largest)] for one in sizes
    ]
    click.echo(f"Audience {figures['audience']}")
    click.echo(format_table(("as of", "entered", "left", "held out", "size", ""), rows))


def print_alerts(alerts: Sequence[Figures]) -> None:
    """What about the size of audiences is unusual."""
    for alert in alerts:
        click.echo(f"  alert: {alert['audience']} has {alert['message']}")


def _print_rows(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    if rows:
        click.echo()
        click.echo(format_table(headings, rows))


def _print_sample(heading: str, sample: Sequence[Figures]) -> None:
    if sample:
        click.echo(f"\n{heading}")
        names = list(sample[0])
        click.echo(format_table(names, [[_shown(row[name]) for name in names] for row in sample]))


def _shown(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _members(number: int) -> str:
    return f"{number:,} member" if number == 1 else f"{number:,} members"
