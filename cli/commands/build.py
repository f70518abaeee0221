"""weft build: profiles, traits and audiences from what has landed."""

from datetime import date

import click

from cli.context import Options, json_option, open_session, run_options
from cli.output import print_build, print_json
from cli.pipeline import build_models


@click.command(
    short_help="Build profiles, traits and audiences.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": True},
    epilog="Example: weft build --select +high_value_customers",
)
@run_options
@json_option
@click.argument("dbt_options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(
    context: click.Context,
    as_of: date | None,
    run_id: str | None,
    as_json: bool,
    dbt_options: tuple[str, ...],
) -> None:
    """Build profiles, traits and audiences: dbt build, with any of its options."""
    options: Options = context.obj
    project = options.project()
    with open_session(project, "build", as_of=as_of, run_id=run_id) as session:
        figures = build_models(session, dbt_options)
    if as_json:
        print_json(figures)
    else:
        print_build(figures)
    context.exit(1 if figures["failures"] else 0)
