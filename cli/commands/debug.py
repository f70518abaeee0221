"""weft debug: whether everything a project needs is there."""

from dataclasses import asdict

import click

from cli.context import Options, json_option
from cli.output import print_json


@click.command(
    short_help="Check versions, warehouse, sources and destinations.",
    epilog="Example: weft --target prod debug",
)
@click.option("--offline", is_flag=True, help="Ask no destination; only check its settings.")
@json_option
@click.pass_context
def command(context: click.Context, offline: bool, as_json: bool) -> None:
    """Check versions, the warehouse, the files of each source, and every destination.

    Each destination is asked the simplest question that only the right credentials are answered;
    nothing is changed anywhere. The exit code is 1 when something is wrong.
    """
    from cli.checks import check_project

    options: Options = context.obj
    found = []
    for check in check_project(options.project(), offline=offline):
        found.append(check)
        if not as_json:
            click.echo(f"  {check.state:<9}  {check.subject}: {check.said}")
    wrong = sum(check.state == "wrong" for check in found)
    if as_json:
        print_json({"checks": [asdict(check) for check in found], "wrong": wrong})
    elif wrong:
        click.echo(f"Debug: {wrong:,} of {len(found):,} checks found something wrong")
    else:
        click.echo("Debug: nothing is wrong")
    context.exit(1 if wrong else 0)
