"""weft load: new files of events into the landed tables."""

from datetime import date

import click

from cli.context import Options, json_option, open_session, run_options
from cli.output import print_json, print_load, print_replay
from cli.pipeline import load_events, replay_events


@click.command(
    short_help="Land new files of events.",
    epilog="Example: weft load --file 'archive/*.ndjson.gz' --source web",
)
@click.argument("sources", nargs=-1)
@click.option("--file", help="Land these files (a glob) instead of the source's own.")
@click.option("--source", help="The source of the files given with --file.")
@click.option("--reload", is_flag=True, help="Land files again that have landed; nothing twice.")
@click.option("--replay-rejects", is_flag=True, help="Try rejected lines and blocked events again.")
@click.option("--replay-discards", is_flag=True, help="Try values again that did not fit.")
@run_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    sources: tuple[str, ...],
    file: str | None,
    source: str | None,
    reload: bool,
    replay_rejects: bool,
    replay_discards: bool,
    as_of: date | None,
    run_id: str | None,
    as_json: bool,
) -> None:
    """Land new files of events. Without SOURCES, those of every source in weft.yml."""
    if (file is None) != (source is None):
        raise click.UsageError("--file and --source go together: which files, and whose they are.")
    is_replay = replay_rejects or replay_discards
    if is_replay and (file or reload):
        raise click.UsageError("A replay reads what is in the warehouse: no --file, no --reload.")
    options: Options = context.obj
    project = options.project()
    with open_session(project, "load", as_of=as_of, run_id=run_id) as session:
        if is_replay:
            figures = replay_events(
                session, sources, rejects=replay_rejects, discards=replay_discards
            )
        else:
            figures = load_events(session, sources, file=file, source=source, reload=reload)
    if as_json:
        print_json(figures)
    elif is_replay:
        print_replay(figures)
    else:
        print_load(figures)
