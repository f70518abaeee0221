"""weft runs: what happened, why rows did not arrive, and another try."""

from dataclasses import asdict

import click

from cli.context import Options, json_option, open_session, sync_option
from cli.output import end_with_syncs, print_json
from cli.run_output import print_failures, print_run_details, print_runs
from cli.sync_steps import retry_syncs


@click.group(
    short_help="What happened, and another try.",
    epilog="Example: weft runs errors -s cart_abandoners_to_webhook",
)
def command() -> None:
    """Runs: what was executed, why rows did not arrive, and another try of those refused."""


@command.command(
    "list", short_help="List the latest runs.", epilog="Example: weft runs list --command sync"
)
@click.option("--command", "name", help="Only runs of this command.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, help="At most so many. Default: 20."
)
@json_option
@click.pass_context
def list_(context: click.Context, name: str | None, limit: int, as_json: bool) -> None:
    """List the latest runs, newest first."""
    from explore.runs import list_runs
    from warehouse.system_tables import migrate

    options: Options = context.obj
    with options.project().open() as warehouse:
        migrate(warehouse)
        figures = {"runs": list_runs(warehouse, command=name, limit=limit)}
    if as_json:
        print_json(figures)
    else:
        print_runs(figures)


@command.command(short_help="Show one run.", epilog="Example: weft runs show nightly-42")
@click.argument("run_id")
@json_option
@click.pass_context
def show(context: click.Context, run_id: str, as_json: bool) -> None:
    """Show one run: RUN_ID is its id, or the first characters of it."""
    from explore.runs import show_run
    from warehouse.system_tables import migrate

    options: Options = context.obj
    with options.project().open() as warehouse:
        migrate(warehouse)
        figures = show_run(warehouse, run_id)
    if as_json:
        print_json(figures)
    else:
        print_run_details(figures)


@command.command(
    short_help="Why rows did not arrive.",
    epilog="Example: weft runs errors nightly-42 -s cart_abandoners_to_webhook",
)
@click.argument("run_id", required=False)
@sync_option
@json_option
@click.pass_context
def errors(
    context: click.Context, run_id: str | None, syncs: tuple[str, ...], as_json: bool
) -> None:
    """Why rows did not arrive, by cause, with one row, request and answer of each.

    Of the run RUN_ID, or of the latest run of each sync. Requests are shown without headers and
    secrets, as they would be for the one row.
    """
    from explore.runs import find_run
    from reverse_etl.failures import find_failures
    from reverse_etl.syncs import read_syncs, select_syncs
    from warehouse.dbt import load_manifest
    from warehouse.system_tables import migrate

    options: Options = context.obj
    project = options.project()
    chosen = select_syncs(read_syncs(project, load_manifest(project)), syncs)
    with project.open() as warehouse:
        migrate(warehouse)
        found = find_run(warehouse, run_id) if run_id else None
        failures = find_failures(warehouse, {sync.name: sync for sync in chosen}, found)
    figures = {"failures": [asdict(failure) for failure in failures]}
    if as_json:
        print_json(figures)
    else:
        print_failures(figures)


@command.command(
    short_help="Send rejected rows once more.",
    epilog="Example: weft runs retry -s cart_abandoners_to_webhook",
)
@sync_option
@click.option(
    "--only-key", "keys", multiple=True, metavar="KEY", help="Only this key; may be repeated."
)
@click.option(
    "--dry-run", is_flag=True, help="Write what would be sent under target/, send nothing."
)
@click.option("--run-id", help="The id to register the run under. Default: a new one.")
@json_option
@click.pass_context
def retry(
    context: click.Context,
    syncs: tuple[str, ...],
    keys: tuple[str, ...],
    dry_run: bool,
    run_id: str | None,
    as_json: bool,
) -> None:
    """Send rows that a destination rejected once more, though they have not changed.

    Rows that failed otherwise come back with every run and need no retry.
    """
    options: Options = context.obj
    with open_session(options.project(), "runs retry", run_id=run_id) as session:
        figures = retry_syncs(session, syncs, keys=keys, dry_run=dry_run)
    end_with_syncs(context, figures, as_json=as_json)
