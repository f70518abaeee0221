"""weft plan: what syncs would send."""

import click

from cli.context import Options, json_option, open_session, sync_option
from cli.output import print_json, print_plans
from cli.pipeline import plan_syncs

CHANGES = 4


@click.command(
    short_help="Show what syncs would send.",
    epilog="Example: weft plan -s high_value_customers_to_files",
)
@sync_option
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 4 when there are changes, 3 when blocked."
)
@json_option
@click.pass_context
def command(
    context: click.Context, syncs: tuple[str, ...], detailed_exitcode: bool, as_json: bool
) -> None:
    """Show what syncs would add, change and remove at their destinations. Sends nothing."""
    options: Options = context.obj
    with open_session(options.project(), "plan") as session:
        figures = plan_syncs(session, syncs)
    if as_json:
        print_json(figures)
    else:
        print_plans(figures)
    context.exit(_detailed_exit_code(figures["plans"]) if detailed_exitcode else 0)


def _detailed_exit_code(plans: list[dict[str, object]]) -> int:
    if any(plan["guards"] for plan in plans):
        return 3
    changed = any(plan["added"] or plan["changed"] or plan["removed"] for plan in plans)
    return CHANGES if changed else 0
