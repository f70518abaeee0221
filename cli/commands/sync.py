"""weft sync: what has changed goes to the destinations."""

from datetime import date

import click

from cli.context import Options, json_option, open_session, selection_options, sync_option
from cli.output import end_with_syncs
from cli.sync_steps import push_syncs, select


@click.command(
    short_help="Send what changed.",
    epilog="Example: weft sync -s cart_abandoners_to_webhook --dry-run",
)
@sync_option
@click.option(
    "--dry-run", is_flag=True, help="Write what would be sent under target/, send nothing."
)
@click.option(
    "--approve", metavar="PLAN_ID", help="Push this blocked plan, exactly as it was made."
)
@selection_options
@click.option("--run-id", help="The id to register the run under. Default: a new one.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    syncs: tuple[str, ...],
    dry_run: bool,
    approve: str | None,
    only_keys: tuple[str, ...],
    resync: bool,
    starts_from: date | None,
    run_id: str | None,
    as_json: bool,
) -> None:
    """Send what has changed in audiences since destinations last acknowledged it."""
    options: Options = context.obj
    selection = select(syncs, keys=only_keys, resync=resync, starts_from=starts_from)
    with open_session(options.project(), "sync", run_id=run_id) as session:
        figures = push_syncs(session, syncs, approve=approve, dry_run=dry_run, selection=selection)
    end_with_syncs(context, figures, as_json=as_json)
