"""weft identity: whether it is sound, and what other rules would make of it."""

from dataclasses import asdict
from pathlib import Path

import click

from cli.context import Options, json_option
from cli.output import print_json
from cli.output_identity import print_check, print_simulation

_PERCENT = click.FloatRange(0, 100)


@click.group(
    short_help="Check who is who, and try other rules.",
    epilog="Example: weft identity check --max-identifiers 100",
)
def command() -> None:
    """Identity: which identifiers are one person."""


@command.command(
    short_help="Hold the latest build against thresholds.",
    epilog="Example: weft identity check --max-churn-percent 5 --min-match-percent 30",
)
@click.option(
    "--max-churn-percent",
    type=_PERCENT,
    help="Fail when more of the profiles before were retired or split. Default: 20.",
)
@click.option(
    "--max-identifiers",
    type=click.IntRange(min=1),
    help="Fail when a profile has more identifiers. Default: 1000.",
)
@click.option(
    "--max-refused-links",
    type=click.IntRange(min=0),
    help="Fail when more links are refused. Default: off.",
)
@click.option(
    "--min-match-percent",
    type=_PERCENT,
    help="Fail when fewer anonymous ids belong to a known profile. Default: off.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=100),
    default=10,
    show_default=True,
    help="At most so many profiles in each list.",
)
@json_option
@click.pass_context
def check(
    context: click.Context,
    max_churn_percent: float | None,
    max_identifiers: float | None,
    max_refused_links: float | None,
    min_match_percent: float | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what the latest build made of who is who, and fail past a threshold.

    Thresholds are options, or stand under vars: identity: checks: in dbt_project.yml. Exit code 0
    when all is within them, 1 when something is past one.
    """
    from explore.identity.check import check_identity
    from explore.identity.thresholds import read_thresholds
    from warehouse.dbt import load_manifest

    options: Options = context.obj
    project = options.project()
    given = {
        "max_churn_percent": max_churn_percent,
        "max_identifiers": max_identifiers,
        "max_refused_links": max_refused_links,
        "min_match_percent": min_match_percent,
    }
    thresholds = read_thresholds(project, given)
    manifest = load_manifest(project)
    with project.open() as warehouse:
        figures = asdict(check_identity(warehouse, manifest, thresholds, limit=limit))
    if as_json:
        print_json(figures)
    else:
        print_check(figures)
    context.exit(1 if figures["breaches"] else 0)


@command.command(
    short_help="Show what other rules would merge and split.",
    epilog="Example: weft identity simulate --rules stricter.yml",
)
@click.option(
    "--rules",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A YAML file with an identity: block, as under vars: in dbt_project.yml.",
)
@json_option
@click.pass_context
def simulate(context: click.Context, file: Path, as_json: bool) -> None:
    """Show what other rules would merge and split, without changing anything.

    Builds identity under the rules of the file from all that has landed, in a schema that is
    dropped again, and compares it with the profiles of the latest build.
    """
    from cli.progress import make_progress
    from explore.identity.rules import read_rules
    from explore.identity.simulate import simulate as simulate_rules
    from warehouse.dbt import load_manifest

    options: Options = context.obj
    project = options.project()
    rules = read_rules(file)
    manifest = load_manifest(project)
    with project.open() as warehouse, make_progress() as progress:
        figures = asdict(
            simulate_rules(
                warehouse, project, manifest, rules, as_of=project.today(), progress=progress
            )
        )
    if as_json:
        print_json(figures)
    else:
        print_simulation(figures)
