"""weft audience: what audiences are, who would be in them, how they differ and how they grew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.context import Date, Options, json_option
from cli.output import print_json
from cli.output_audience import print_diff, print_history, print_list, print_preview, print_show
from cli.paths import shown_path

if TYPE_CHECKING:
    from warehouse.engines import Warehouse
    from warehouse.manifest import Manifest
    from warehouse.project import Project

as_of_option = click.option(
    "--as-of", type=Date(), help="The last day that counts. Default: that of the last build."
)
sample_option = click.option(
    "--sample",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="How many members to show.",
)


@click.group(short_help="Look at audiences.", epilog="Example: weft audience preview lapsed.sql")
def command() -> None:
    """Look at audiences before they count. Nothing is changed and nothing is sent."""


@command.command("list", short_help="List audiences.", epilog="Example: weft audience list --json")
@json_option
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List the audiences of the project, with their sizes and syncs."""
    from explore.audiences.catalog import list_audiences

    with _opened(context) as (warehouse, project, manifest):
        found = list_audiences(warehouse, project, manifest)
    figures = {"audiences": [asdict(one) for one in found]}
    _print(figures, as_json, print_list)


@command.command(
    short_help="Show what an audience rests on.",
    epilog="Example: weft audience show high_value_customers",
)
@click.argument("name", metavar="NAME|FILE")
@as_of_option
@json_option
@click.pass_context
def show(context: click.Context, name: str, as_of: date | None, as_json: bool) -> None:
    """Show the compiled SQL of an audience, and the models, traits and events it rests on."""
    from explore.audiences.compiled import compile_audience
    from explore.audiences.show import take_apart

    with _opened(context) as (warehouse, project, manifest):
        audience = compile_audience(warehouse, project, manifest, name, as_of=as_of)
        figures = asdict(take_apart(project, manifest, audience, warehouse.dialect))
    _print(figures, as_json, print_show)


@command.command(
    short_help="Show who would be in an audience.",
    epilog="Example: weft audience preview models/audiences/repeat_buyers.sql",
)
@click.argument("name", metavar="NAME|FILE")
@as_of_option
@sample_option
@json_option
@click.pass_context
def preview(
    context: click.Context, name: str, as_of: date | None, sample: int, as_json: bool
) -> None:
    """Show who would be in an audience: one of the project, or the SELECT in a .sql file.

    It runs on the tables that are built; nothing is kept.
    """
    from explore.audiences.compiled import compile_audience
    from explore.audiences.preview import preview_audience

    with _opened(context) as (warehouse, project, manifest):
        audience = compile_audience(warehouse, project, manifest, name, as_of=as_of)
        figures = asdict(preview_audience(warehouse, project, manifest, audience, sample=sample))
    _print(figures, as_json, print_preview)


@command.command(
    short_help="Show how two audiences differ.",
    epilog="Example: weft audience diff high_value_customers --against main",
)
@click.argument("names", metavar="A:B|NAME")
@click.option("--against", metavar="GIT-REF", help="Compare with how it was at this git reference.")
@as_of_option
@sample_option
@json_option
@click.pass_context
def diff(
    context: click.Context,
    names: str,
    against: str | None,
    as_of: date | None,
    sample: int,
    as_json: bool,
) -> None:
    """Show how two audiences differ (A:B), or one from how it was at a git reference.

    With --against, the models that differ are built in schemas of their own, which are dropped
    afterwards; everything else is read from the tables that are there.
    """
    if (against is None) != (":" in names):
        raise click.UsageError("Name two audiences as A:B, or one with --against GIT-REF.")
    with _opened(context) as (warehouse, project, manifest):
        if against is None:
            figures = _compare_two(warehouse, manifest, names, sample)
        else:
            figures = _compare_with(warehouse, project, names, against, as_of, sample)
    _print(figures, as_json, print_diff)


@command.command(
    short_help="Show the size of an audience over time.",
    epilog="Example: weft audience history lapsed_customers --svg lapsed.svg",
)
@click.argument("name")
@click.option(
    "--svg",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw it into this file as well.",
)
@json_option
@click.pass_context
def history(context: click.Context, name: str, svg: Path | None, as_json: bool) -> None:
    """Show the size of an audience on every day on which anyone entered or left it."""
    from explore.audiences.catalog import find_audience
    from explore.audiences.drawing import draw_history
    from explore.audiences.history import audience_history

    with _opened(context) as (warehouse, _, manifest):
        sizes = audience_history(warehouse, manifest, find_audience(manifest, name))
    if svg is not None:
        svg.parent.mkdir(parents=True, exist_ok=True)
        svg.write_text(draw_history(name, sizes), encoding="utf-8")
    _print({"audience": name, "sizes": [asdict(size) for size in sizes]}, as_json, print_history)
    if svg is not None:
        click.echo(f"Wrote {shown_path(svg)}.", err=True)


def _compare_two(
    warehouse: "Warehouse", manifest: "Manifest", names: str, sample: int
) -> dict[str, Any]:
    from explore.audiences.catalog import find_audience, key_of, require_built
    from explore.audiences.diff import compare

    first, _, second = names.partition(":")
    audiences = (find_audience(manifest, first), find_audience(manifest, second))
    if key_of(audiences[0]) != key_of(audiences[1]):
        raise click.UsageError(f"{first} and {second} are not audiences of the same thing.")
    tables = tuple(require_built(warehouse, one.table) for one in audiences)
    difference = compare(
        warehouse,
        (first, second),
        (tables[0], tables[1]),
        key=key_of(audiences[0]),
        sample=sample,
    )
    return asdict(difference)


def _compare_with(
    warehouse: "Warehouse",
    project: "Project",
    name: str,
    reference: str,
    as_of: date | None,
    sample: int,
) -> dict[str, Any]:
    from explore.audiences.against import compare_with_reference

    found = compare_with_reference(warehouse, project, name, reference, as_of=as_of, sample=sample)
    return {
        "reference": found.reference,
        "as_of": found.as_of,
        "models": found.models,
        **asdict(found.difference),
    }


@contextmanager
def _opened(
    context: click.Context,
) -> Iterator[tuple["Warehouse", "Project", "Manifest"]]:
    from warehouse.dbt import load_manifest
    from warehouse.system_tables import migrate

    options: Options = context.obj
    project = options.project()
    manifest = load_manifest(project)
    with project.open() as warehouse:
        migrate(warehouse)
        yield warehouse, project, manifest


def _print(figures: dict[str, Any], as_json: bool, printer: Any) -> None:
    if as_json:
        print_json(figures)
    else:
        printer(figures)
