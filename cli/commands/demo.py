"""weft demo: init, with the sample shop's events, for two days."""

import shutil
import sys
from datetime import date
from pathlib import Path

import click

from cli.context import Options, open_session
from cli.demo.receiver import run_receiver
from cli.output import print_run
from cli.paths import shown_path
from cli.pipeline import exit_code, run_pipeline
from warehouse.environment import environment
from warehouse.errors import ConfigurationError

TARGET = "prod"


@click.command(
    short_help="The whole path, on a sample shop.", epilog="Example: weft demo weft_demo"
)
@click.argument(
    "folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("weft_demo")
)
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Watch a sample shop's raw events become profiles, audiences and syncs, in DIR."""
    import sample_data
    from cli.scaffold import write_project

    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder} is there already; name another folder (weft demo DIR), or delete it."
        )
    write_project(folder, target=TARGET)
    click.echo(f"Wrote a new project into {shown_path(folder)}: a sample shop with three sources,")
    click.echo("web, server and mobile. Each day its events arrive as files, and weft runs.")
    options = Options(folder, None, None, context.obj.debug)
    with run_receiver(folder / "received") as url, environment({"SHOP_WEBHOOK_URL": url}):
        first = _run_day(
            options, sample_data.FIRST_DAY, sample_data.FIRST_AS_OF, "The first 90 days"
        )
        second = _run_day(options, sample_data.NEXT_DAY, sample_data.NEXT_AS_OF, "The next day")
    _print_next_steps(folder, sample_data.NEXT_AS_OF)
    context.exit(max(first, second))


def _run_day(options: Options, events: Path, as_of: date, title: str) -> int:
    click.echo(f"\n{title}, as of {as_of}\n{'=' * len(f'{title}, as of {as_of}')}")
    for source in sorted(events.glob("*.ndjson.gz")):
        name = source.name.split(".")[0]
        place = options.project_dir / "events" / name / f"{as_of}.ndjson.gz"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
    with open_session(options.project(), "run", as_of=as_of) as session:
        figures = run_pipeline(session)
    print_run(figures)
    return exit_code(figures)


def _print_next_steps(folder: Path, as_of: date) -> None:
    place = shown_path(folder)
    click.echo("\nWhere things lie")
    for path, what in (
        (f"{place}/prod.duckdb", "the warehouse: landed events, profiles, audiences, ledgers"),
        (f"{place}/models/", "traits, audiences and syncs, yours to edit"),
        (f"{place}/exports/", "what the files sync wrote"),
        (f"{place}/received/", "what the webhook sync's receiver got, over HTTP"),
    ):
        click.echo(f"  {path:<{len(place) + 14}}  {what}")
    weft = f"{_weft_command()} --project-dir {place}"
    click.echo("\nTry next")
    click.echo(f"  {weft} run --as-of {as_of}")
    click.echo("      again: lands nothing, changes nothing, sends nothing, and says so")
    click.echo(f"  {weft} status")
    click.echo("      what the warehouse holds now")
    click.echo(f"  {weft} build --as-of {as_of} && {weft} plan")
    click.echo("      after lowering 500 in models/audiences/high_value_customers.sql:")
    click.echo("      who would be sent, before anything is")


def _weft_command() -> str:
    """The command as this person can type it: by its path unless the shell finds it."""
    invoked = Path(sys.argv[0])
    found = shutil.which("weft")
    if found and Path(found).resolve() == invoked.resolve():
        return "weft"
    return shown_path(invoked)
