"""weft suppressions: identifiers that are neither landed nor sent."""

from pathlib import Path
from typing import Any

import click

from cli.context import Options, json_option, open_session
from cli.figures import keep
from cli.output import print_json
from cli.run_output import print_suppressions
from cli.words import counted

Figures = dict[str, Any]

_type_option = click.option(
    "--type", "kind", required=True, help="The identifiers' type, such as email or user_id."
)
_file_option = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file with an identifier on each line.",
)


@click.group(
    short_help="Identifiers that are neither landed nor sent.",
    epilog="Example: weft suppressions add ann@example.com --type email --reason unsubscribed",
)
def command() -> None:
    """Suppressions: identifiers whose events do not land and whose rows are not sent.

    The register weft.suppressions holds hashes, never values. To delete what is already there as
    well, use: weft forget.
    """


@command.command(
    short_help="Suppress identifiers.",
    epilog="Example: weft suppressions add --type email --file bounced.txt --reason bounced",
)
@click.argument("identifiers", nargs=-1)
@_type_option
@_file_option
@click.option("--reason", default="suppressed", help="Why, for who reads the register later.")
@json_option
@click.pass_context
def add(
    context: click.Context,
    identifiers: tuple[str, ...],
    kind: str,
    path: Path | None,
    reason: str,
    as_json: bool,
) -> None:
    """Suppress IDENTIFIERS, from the next load and the next plan on.

    Case and spaces around a value do not count; phone numbers are given as they are sent. Where a
    sync removes what leaves its model, the rows are removed at the destination.
    """
    from warehouse.suppressions import suppress

    options: Options = context.obj
    project = options.project()
    values = _values(identifiers, path)
    _require_known_type(kind, project.identifier_types)
    with open_session(project, "suppressions add") as session:
        added = suppress(session.warehouse, ((kind, value) for value in values), reason)
        figures: Figures = {"type": kind, "given": len(values), "added": added}
        keep(session, "suppressions", figures)
    if as_json:
        print_json(figures)
    else:
        click.echo(
            f"Suppressions: {counted(added, 'identifier')} of type {kind} added,"
            f" {len(values) - added:,} were there"
        )


@command.command(
    "list",
    short_help="List suppressed identifiers.",
    epilog="Example: weft suppressions list ann@example.com",
)
@click.argument("identifier", required=False)
@click.option("--type", "kind", help="Only identifiers of this type.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, help="At most so many. Default: 20."
)
@json_option
@click.pass_context
def list_(
    context: click.Context, identifier: str | None, kind: str | None, limit: int, as_json: bool
) -> None:
    """List the register, newest entries first; with IDENTIFIER, only what suppresses that one."""
    from warehouse.suppressions import find_suppressions
    from warehouse.system_tables import migrate

    options: Options = context.obj
    with options.project().open() as warehouse:
        migrate(warehouse)
        found, total = find_suppressions(warehouse, kind=kind, value=identifier, limit=limit)
    figures = {"suppressions": found, "total": total}
    if as_json:
        print_json(figures)
    else:
        print_suppressions(figures)


@command.command(
    short_help="Lift suppressions.",
    epilog="Example: weft suppressions lift ann@example.com --type email",
)
@click.argument("identifiers", nargs=-1)
@_type_option
@_file_option
@json_option
@click.pass_context
def lift(
    context: click.Context,
    identifiers: tuple[str, ...],
    kind: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Lift the suppression of IDENTIFIERS: the next plan sends their rows again.

    Events that were rejected meanwhile are not kept, and do not come back.
    """
    from warehouse.suppressions import lift as lift_suppressions

    options: Options = context.obj
    values = _values(identifiers, path)
    with open_session(options.project(), "suppressions lift") as session:
        lifted = lift_suppressions(session.warehouse, ((kind, value) for value in values))
        figures: Figures = {"type": kind, "given": len(values), "lifted": lifted}
        keep(session, "suppressions", figures)
    if as_json:
        print_json(figures)
    else:
        click.echo(f"Suppressions: {counted(lifted, 'identifier')} of type {kind} lifted")


def _values(identifiers: tuple[str, ...], path: Path | None) -> list[str]:
    """What was given, without repeats. Raises ConfigurationError when that is nothing."""
    from warehouse.errors import ConfigurationError

    lines = path.read_text("utf-8-sig").splitlines() if path else []
    values = [value.strip().lower() for value in (*identifiers, *lines)]
    distinct = list(dict.fromkeys(value for value in values if value))
    if not distinct:
        raise ConfigurationError("No identifier was given; name some, or a file with --file.")
    return distinct


def _require_known_type(kind: str, types: list[str]) -> None:
    """A type that is written wrongly would suppress nothing. Raises UnknownNameError."""
    from warehouse.errors import UnknownNameError

    known = [*types, "profile_id"]
    if kind not in known:
        raise UnknownNameError("identifier type", kind, known)
