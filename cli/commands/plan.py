"""weft plan: what syncs would send."""

from datetime import date
from pathlib import Path

import click

from cli.context import Options, json_option, open_session, selection_options, sync_option
from cli.output import print_json
from cli.paths import shown_path
from cli.sync_output import print_plans
from cli.sync_steps import plan_syncs, select

CHANGES = 4


@click.command(
    short_help="Show what syncs would send.",
    epilog="Example: weft plan -s high_value_customers_to_files",
)
@sync_option
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 4 when there are changes, 3 when blocked."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan to this file, for: weft apply FILE.",
)
@selection_options
@json_option
@click.pass_context
def command(
    context: click.Context,
    syncs: tuple[str, ...],
    detailed_exitcode: bool,
    output: Path | None,
    only_keys: tuple[str, ...],
    resync: bool,
    starts_from: date | None,
    as_json: bool,
) -> None:
    """Show what syncs would add, change and remove at their destinations. Sends nothing."""
    options: Options = context.obj
    selection = select(syncs, keys=only_keys, resync=resync, starts_from=starts_from)
    with open_session(options.project(), "plan") as session:
        figures = plan_syncs(session, syncs, selection=selection, output=output)
    if as_json:
        print_json(figures)
    else:
        print_plans(figures)
        if output is not None:
            click.echo(f"\nWrote {shown_path(output)}; send exactly this: weft apply {output}")
    context.exit(_detailed_exit_code(figures["plans"]) if detailed_exitcode else 0)


def _detailed_exit_code(plans: list[dict[str, object]]) -> int:
    if any(plan["guards"] for plan in plans):
        return 3
    changed = any(plan["added"] or plan["changed"] or plan["removed"] for plan in plans)
    return CHANGES if changed else 0
