"""How figures look: tables for people, one JSON document for programs. Results go to stdout."""

import json
from collections.abc import Mapping
from typing import Any

import click

from cli.figures import exit_code
from cli.output_audience import print_alerts
from cli.sync_output import print_syncs
from cli.tables import format_table
from cli.words import counted

Figures = Mapping[str, Any]

FORMAT_VERSION = 1
"""Version of the JSON documents. New fields may come at any time; a changed one raises this."""


def print_json(figures: Figures) -> None:
    """Figures as one JSON document."""
    document = {"format_version": FORMAT_VERSION, **figures}
    click.echo(json.dumps(document, indent=2, default=str, ensure_ascii=False))


def print_load(figures: Figures) -> None:
    """What landed, per source, and why lines were rejected."""
    for view in figures["views"]:
        click.echo(f"Load: view {view['source']}.{view['table']} {view['state']}")
    if figures["views"] and not figures["sources"]:
        return
    if not figures["files"]:
        nothing = "nothing new; every file has landed before."
        none_there = "no file is where sources: in weft.yml says; put files of events there."
        click.echo(f"Load: {nothing if figures['skipped'] else none_there}")
        _print_waiting(figures)
        return
    click.echo(
        f"Load: {figures['landed']:,} events landed from {counted(figures['files'], 'file')}"
    )
    columns = ("read", "landed", "duplicate", "rejected", "blocked")
    click.echo(
        format_table(
            ("source", "files", *columns),
            [
                [source["source"], source["files"], *(source[column] for column in columns)]
                for source in figures["sources"]
            ],
        )
    )
    _print_losses(figures)
    _print_waiting(figures)


def _print_waiting(figures: Figures) -> None:
    if figures["waiting"]:
        click.echo(
            f"  {counted(figures['waiting'], 'file')} ended in the middle of a line, which waits"
            " for the next load."
        )


def _print_losses(figures: Figures) -> None:
    for reject in figures["rejects"]:
        click.echo(f"  rejected: {reject['count']:,} x {reject['reason']}")
    if figures["rejected"]:
        click.echo("  rejected lines stand in weft.rejects, with file, line and reason.")
    if figures["discards"]:
        click.echo(
            f"  {counted(figures['discards'], 'value')} did not fit the column, and"
            " stand in weft.discards instead."
        )
    if figures["violations"]:
        click.echo(
            f"  {counted(figures['violations'], 'violation')} of a tracking plan stand in"
            " weft.violations; what was held back is in weft.blocked, whole."
        )


def print_replay(figures: Figures) -> None:
    """What became of lines and values that were tried again."""
    for what, name in (("rejects", "rejected line"), ("discards", "discarded value")):
        if what not in figures:
            continue
        tried = figures[what]
        click.echo(
            f"Replay: {counted(tried['tried'], name)} tried again, {tried['landed']:,} landed,"
            f" {tried['duplicate']:,} had landed otherwise, {tried['blocked']:,} are held back,"
            f" {tried['remaining']:,} stay in weft.{what}"
        )


def print_backfill(figures: Figures) -> None:
    """Which archived files held events of the period, and what landed of them."""
    click.echo(f"Backfill from {figures['from']} to {figures['to']}")
    for source, archive in figures["archives"].items():
        click.echo(f"  {source}: {counted(len(archive['files']), 'file')} of the period")
        for uri in archive["missing"]:
            click.echo(f"  {source}: {uri} held events of the period, and is not there any more")
        for uri in archive["undated"]:
            click.echo(f"  {source}: {uri} names no day and has never landed; left alone")
    for load in figures["loads"].values():
        print_load(load)


def print_build(figures: Figures) -> None:
    """Profiles and audiences, and what failed."""
    click.echo(
        f"Build: {counted(figures['models'], 'model')}, {counted(figures['tests'], 'test')},"
        f" {len(figures['failures']):,} failed, as of {figures['as_of']}"
    )
    if figures["aside_in"]:
        click.echo(
            f"  of what had landed by then, in schema {figures['aside_in']}; the warehouse itself"
            " stays where it is"
        )
    for failure in figures["failures"]:
        click.echo(f"  failed: {failure['name']}: {failure['message']}")
    for rebuild in figures["rebuilt"]:
        click.echo(f"  rebuilt: {rebuild['model']}: {rebuild['reason']}")
    print_profiles(figures["profiles"])
    print_audiences(figures["audiences"])
    print_alerts(figures["alerts"])


def print_run(figures: Figures) -> None:
    """All steps of a run, one after the other."""
    print_load(figures["load"])
    print_build(figures["build"])
    if "sync" in figures:
        print_syncs(figures["sync"])
    else:
        click.echo("Sync: nothing was sent, since the build failed.")


def print_profiles(profiles: Figures | None) -> None:
    """How many identifiers make how many people."""
    if profiles is None:
        return
    click.echo(
        f"  {counted(profiles['profiles'], 'profile')} ({profiles['known']:,} known) from"
        f" {counted(profiles['identifiers'], 'identifier')};"
        f" {profiles['merged']:,} merged into another in this run;"
        f" {counted(profiles['refused_links'], 'link')} between people refused"
    )


def print_audiences(audiences: list[Figures]) -> None:
    """The size of each audience, with who entered and left."""
    if audiences:
        columns = ("audience", "size", "entered", "left")
        click.echo(format_table(columns, [[row[name] for name in columns] for row in audiences]))


def print_status(figures: Figures) -> None:
    """What the warehouse holds."""
    build = figures["last_build"]
    when = f"last built as of {build['as_of']} ({build['state']})" if build else "not built yet"
    click.echo(f"Target {figures['target']}: {when}")
    if figures["sources"]:
        columns = ("source", "files", "events", "rejected")
        rows = [[row[name] for name in columns] for row in figures["sources"]]
        click.echo(format_table(columns, rows))
    else:
        click.echo("  no events yet; land some with: weft load")
    print_profiles(figures["profiles"])
    print_audiences(figures["audiences"])
    if figures["syncs"]:
        rows = [[row["sync"], row["keys"]] for row in figures["syncs"]]
        click.echo(format_table(("sync", "acknowledged keys"), rows))


def end_with_syncs(context: click.Context, figures: Figures, *, as_json: bool) -> None:
    """Print what syncs did and end the command with the exit code that it amounts to."""
    if as_json:
        print_json(figures)
    else:
        print_syncs(figures)
    context.exit(exit_code({"sync": dict(figures)}))
