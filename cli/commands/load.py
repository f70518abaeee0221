"""weft load: new files of events into the landed tables."""

from datetime import date

import click

from cli.context import Options, json_option, open_session, run_options
from cli.output import print_json, print_load
from cli.pipeline import load_events


@click.command(
    short_help="Land new files of events.",
    epilog="Example: weft load --file 'archive/*.ndjson.gz' --source web",
)
@click.argument("sources", nargs=-1)
@click.option("--file", help="Land these files (a glob) instead of the source's own.")
@click.option("--source", help="The source of the files given with --file.")
@run_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    sources: tuple[str, ...],
    file: str | None,
    source: str | None,
    as_of: date | None,
    run_id: str | None,
    as_json: bool,
) -> None:
    """Land new files of events. Without SOURCES, those of every source in weft.yml."""
    if (file is None) != (source is None):
        raise click.UsageError("--file and --source go together: which files, and whose they are.")
    options: Options = context.obj
    project = options.project()
    with open_session(project, "load", as_of=as_of, run_id=run_id) as session:
        figures = load_events(session, sources, file=file, source=source)
    if as_json:
        print_json(figures)
    else:
        print_load(figures)
