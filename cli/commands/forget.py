"""weft forget: a person leaves the warehouse and every destination, for good."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.context import Options, json_option, open_session
from cli.figures import keep
from cli.output import print_json
from cli.run_output import print_proof

if TYPE_CHECKING:
    from reverse_etl.forget.forget import Proof


@click.command(
    short_help="Forget a person, everywhere.",
    epilog="Example: weft forget ada@example.com --dry-run",
)
@click.argument("identifier")
@click.option(
    "--type", "kind", help="The identifier's type, where several people or none have the value."
)
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, delete nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--run-id", help="The id to register the run under. Default: a new one.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    identifier: str,
    kind: str | None,
    dry_run: bool,
    yes: bool,
    run_id: str | None,
    as_json: bool,
) -> None:
    """Forget the person with IDENTIFIER: an e-mail, a user id, or any other identifier.

    All identifiers of the person are suppressed: they are never landed or sent again. Destinations
    that can delete are asked to; events, profiles, ledgers and snapshots are deleted. The proof is
    printed, and kept in weft.forgotten. When a destination does not answer, exit code 1: run the
    same command again. Source files of events are yours to delete.
    """
    from reverse_etl.forget.forget import Request, forget
    from reverse_etl.syncs import read_syncs
    from warehouse.dbt import load_manifest

    def confirm(proof: "Proof") -> bool:
        if yes:
            return True
        print_proof(asdict(proof), error=True)
        return click.confirm("Forget this person for good?", err=True)

    options: Options = context.obj
    project = options.project()
    manifest = load_manifest(project)
    syncs = read_syncs(project, manifest)
    with open_session(project, "forget", run_id=run_id) as session:
        request = Request(identifier, kind, dry_run)
        proof = forget(session.warehouse, project, manifest, syncs, request, session.run, confirm)
        figures = keep(session, "forget", asdict(proof))
    if as_json:
        print_json(figures)
    else:
        print_proof(figures)
    context.exit(0 if proof.state in ("planned", "done") else 1)
