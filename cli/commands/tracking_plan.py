"""weft tracking-plan: a first tracking plan, and a try of one, on what has landed."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from cli.context import Options, json_option
from cli.output import print_json
from cli.paths import shown_path
from cli.tables import format_table


@click.group(
    short_help="Write a tracking plan, or try one.",
    epilog="Example: weft tracking-plan infer web -o plans/web.yml",
)
def command() -> None:
    """Tracking plans: what the events of a source should look like."""


@command.command(
    short_help="Try a plan on what has landed.",
    epilog="Example: weft tracking-plan check web --plan plans/next.json",
)
@click.argument("source")
@click.option(
    "--plan",
    "file",
    type=click.Path(path_type=Path),
    help="Try this file instead of the plan in weft.yml.",
)
@json_option
@click.pass_context
def check(context: click.Context, source: str, file: Path | None, as_json: bool) -> None:
    """Try a tracking plan on what has landed of SOURCE, without loading anything.

    Exit code 0 when all of it satisfies the plan, 1 when something does not.
    """
    from loaders.sources import read_source
    from loaders.tracking_plans.check import check as check_landed
    from loaders.tracking_plans.source import plan_of

    options: Options = context.obj
    project = options.project()
    naming = read_source(project, source).rules.naming
    plan = plan_of(project, source, file)
    with project.open() as warehouse:
        report = asdict(check_landed(warehouse, source, plan, naming=naming))
    if as_json:
        print_json(report)
    else:
        _print_check(report)
    context.exit(1 if report["findings"] else 0)


@command.command(
    short_help="Write a first plan from what has landed.",
    epilog="Example: weft tracking-plan infer web -o plans/web.yml",
)
@click.argument("source")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write this file, JSON if it ends in .json, else YAML. Default: YAML on stdout.",
)
@click.pass_context
def infer(context: click.Context, source: str, output: Path | None) -> None:
    """Write a first tracking plan from what has landed of SOURCE.

    Properties bear the names of their columns (order_id): give them the names that your events
    use (orderId) where these differ.
    """
    import yaml

    from loaders.sources import read_source
    from loaders.tracking_plans.infer import infer as infer_plan

    options: Options = context.obj
    project = options.project()
    naming = read_source(project, source).rules.naming
    with project.open() as warehouse:
        plan = infer_plan(warehouse, source, naming=naming)
    if output is not None and output.suffix == ".json":
        text = json.dumps(plan, indent=2, ensure_ascii=False) + "\n"
    else:
        text = yaml.safe_dump(plan, sort_keys=False, allow_unicode=True)
    if output is None:
        click.echo(text, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    events = len(plan["rules"]["events"])
    click.echo(f"Wrote {shown_path(output)}: {events:,} event{'s' if events != 1 else ''}.")


def _print_check(report: dict[str, Any]) -> None:
    if not report["findings"]:
        click.echo(f"Tracking plan: all of {report['checked']:,} landed events satisfy it.")
        return
    click.echo(f"Tracking plan: {report['checked']:,} landed events checked")
    rows = [
        [
            finding["event_name"] or finding["event_type"],
            finding["kind"],
            finding["field"],
            finding["events"],
            ", ".join(finding["samples"]),
        ]
        for finding in report["findings"]
    ]
    click.echo(format_table(("event", "kind", "field", "events", "for example"), rows))
