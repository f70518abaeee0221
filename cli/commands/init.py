"""weft init: a new project."""

from pathlib import Path

import click

from cli.paths import shown_path


@click.command(short_help="Write a new project.", epilog="Example: weft init shop")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write a new project into DIR: its configuration and a starter set of models to edit."""
    from cli.scaffold import write_project

    written = write_project(folder)
    place = shown_path(folder)
    click.echo(f"Wrote {len(written)} files of a new project into {place}:")
    for path in written:
        click.echo(f"  {path}")
    click.echo("Next: name your files of events under sources: in weft.yml, then")
    click.echo(f"  weft --project-dir {place} run")
