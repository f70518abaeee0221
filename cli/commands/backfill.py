"""weft backfill: archived events of a period land again, and what they touch is built."""

from datetime import date

import click

from cli.context import Date, Options, json_option, open_session, run_options
from cli.output import print_backfill, print_build, print_json
from cli.pipeline import backfill_events, build_models, exit_code


@click.command(
    short_help="Land archived events of a period again.",
    epilog="Example: weft backfill --from 2026-09-01 --to 2026-09-07 --source web",
)
@click.option("--from", "first", type=Date(), required=True, help="The first day of the period.")
@click.option("--to", "last", type=Date(), help="Its last day. Default: today.")
@click.option("--source", "sources", multiple=True, help="Only this source; may be repeated.")
@run_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    first: date,
    last: date | None,
    sources: tuple[str, ...],
    as_of: date | None,
    run_id: str | None,
    as_json: bool,
) -> None:
    """Land archived files of a period again, without duplicates, and build; nothing is sent."""
    options: Options = context.obj
    with open_session(options.project(), "backfill", as_of=as_of, run_id=run_id) as session:
        backfilled = backfill_events(session, first=first, last=last, sources=sources)
        built = build_models(session)
    if as_json:
        print_json({"backfill": backfilled, "build": built})
    else:
        print_backfill(backfilled)
        print_build(built)
    context.exit(exit_code({"build": built}))
