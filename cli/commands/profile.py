"""weft profile: all that is known of one profile, and why."""

from dataclasses import asdict
from pathlib import Path

import click

from cli.context import Options, json_option
from cli.output import print_json
from cli.output_profile import print_profile
from cli.paths import shown_path


@click.group(
    short_help="Show one profile, and why it is one.",
    epilog="Example: weft profile show email:ann@example.com",
)
def command() -> None:
    """Profiles: the people behind identifiers."""


@command.command(
    short_help="Show all that is known of one profile.",
    epilog="Example: weft profile show email:ann@example.com --graph ann.svg",
)
@click.argument("identifier")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="At most so many rows of each list.",
)
@click.option(
    "--graph",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw the identifiers and their links into this file, as SVG.",
)
@json_option
@click.pass_context
def show(
    context: click.Context, identifier: str, limit: int, graph: Path | None, as_json: bool
) -> None:
    """Show the profile of IDENTIFIER: who it is, how that is known, and what it did.

    IDENTIFIER is type:value, a value alone where it means one profile, or a profile id, be it a
    former one.
    """
    from explore.profiles.find import find_profile
    from explore.profiles.show import show_profile
    from warehouse.dbt import load_manifest

    options: Options = context.obj
    project = options.project()
    manifest = load_manifest(project)
    with project.open() as warehouse:
        profile_id = find_profile(warehouse, manifest, identifier)
        profile, tree = show_profile(warehouse, manifest, profile_id, limit=limit)
        if graph is not None:
            from explore.profiles.graph import draw
            from explore.profiles.svg import write_svg

            drawing = write_svg(draw(warehouse, manifest, profile_id, tree))
            graph.parent.mkdir(parents=True, exist_ok=True)
            graph.write_text(drawing, encoding="utf-8")
            click.echo(f"Wrote {shown_path(graph)}.", err=True)
    if as_json:
        print_json(asdict(profile))
    else:
        print_profile(asdict(profile))
