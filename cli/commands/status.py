"""weft status: what the warehouse holds."""

from dataclasses import asdict

import click

from cli.context import Options, json_option
from cli.output import print_json, print_status


@click.command(short_help="Show what the warehouse holds.", epilog="Example: weft status --json")
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """Show what the warehouse holds: events, profiles, audiences, and what syncs have sent."""
    from explore.summary import (
        summarize_audiences,
        summarize_profiles,
        summarize_sources,
        summarize_syncs,
    )
    from warehouse.dbt import load_manifest
    from warehouse.runs import latest_run
    from warehouse.system_tables import migrate

    options: Options = context.obj
    project = options.project()
    manifest = load_manifest(project)
    with project.open() as warehouse:
        migrate(warehouse)
        run = latest_run(warehouse, project.target, ("build", "run"))
        run_id = run["run_id"] if run else ""
        profiles = summarize_profiles(warehouse, manifest, run_id)
        figures = {
            "target": project.target,
            "last_build": run,
            "sources": [asdict(source) for source in summarize_sources(warehouse)],
            "profiles": asdict(profiles) if profiles else None,
            "audiences": [
                asdict(audience) for audience in summarize_audiences(warehouse, manifest, run_id)
            ],
            "syncs": [asdict(sync) for sync in summarize_syncs(warehouse)],
        }
    if as_json:
        print_json(figures)
    else:
        print_status(figures)
