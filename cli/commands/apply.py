"""weft apply: exactly what a plan file names goes to the destinations."""

from pathlib import Path

import click

from cli.context import Options, json_option, open_session
from cli.output import end_with_syncs
from cli.sync_steps import apply_plans


@click.command(
    short_help="Send exactly what a plan file names.",
    epilog="Example: weft apply tonight.plan.json",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--dry-run", is_flag=True, help="Write what would be sent under target/, send nothing."
)
@click.option(
    "--approve",
    metavar="PLAN_ID",
    multiple=True,
    help="Send this blocked plan of the file, too; may be repeated.",
)
@click.option("--run-id", help="The id to register the run under. Default: a new one.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    dry_run: bool,
    approve: tuple[str, ...],
    run_id: str | None,
    as_json: bool,
) -> None:
    """Send exactly what FILE, written by weft plan -o, names.

    A plan is refused (exit code 3) when the destination has acknowledged rows since, or anything
    else it rests on has changed.
    """
    options: Options = context.obj
    with open_session(options.project(), "apply", run_id=run_id) as session:
        figures = apply_plans(session, file, approve=approve, dry_run=dry_run)
    end_with_syncs(context, figures, as_json=as_json)
