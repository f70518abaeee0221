"""weft run: load, build and sync, as a scheduler calls it."""

from datetime import date

import click

from cli.context import Options, json_option, open_session, run_options
from cli.output import print_json, print_run
from cli.pipeline import exit_code, run_pipeline


@click.command(
    short_help="Load, build and sync.",
    epilog="Example: weft --target prod run --as-of 2026-09-30 --run-id nightly-42",
)
@run_options
@json_option
@click.pass_context
def command(context: click.Context, as_of: date | None, run_id: str | None, as_json: bool) -> None:
    """Load new events, build profiles and audiences, and sync what changed."""
    options: Options = context.obj
    with open_session(options.project(), "run", as_of=as_of, run_id=run_id) as session:
        figures = run_pipeline(session)
    if as_json:
        print_json(figures)
    else:
        print_run(figures)
    context.exit(exit_code(figures))
