"""How runs and their failures look to a person. Results go to stdout."""

import json
from collections.abc import Mapping
from typing import Any

import click

from cli.tables import format_table
from cli.words import counted

Figures = Mapping[str, Any]

_MOST_CHARACTERS = 400


def print_runs(figures: Figures) -> None:
    """The latest runs, a line each."""
    runs = figures["runs"]
    if not runs:
        click.echo("Runs: none yet")
        return
    click.echo(f"Runs: the latest {len(runs)}, newest first (times are UTC)")
    click.echo(
        format_table(
            ("started", "run", "command", "target", "as of", "state", "seconds", "syncs"),
            [
                [
                    *(_moment(run["started_at"]), run["run_id"], run["command"], run["target"]),
                    *(run["as_of"], run["state"], _seconds(run["seconds"]), run["syncs"]),
                ]
                for run in runs
            ],
        )
    )
    for run in runs:
        if run["error"]:
            click.echo(f"  {run['run_id']}: {run['error']}")


def print_run_details(figures: Figures) -> None:
    """One run: when and how it ended, and what each of its syncs did."""
    click.echo(f"Run {figures['run_id']}: {figures['command']}, {figures['state']}")
    click.echo(
        f"  target {figures['target']}, as of {figures['as_of']}, started"
        f" {_moment(figures['started_at'])} UTC"
    )
    if figures["error"]:
        click.echo(f"  {figures['error']}")
    if figures["files"]:
        click.echo(
            f"  {counted(figures['landed'], 'event')} landed from"
            f" {counted(figures['files'], 'file')}, {figures['rejected']:,} rejected"
        )
    if figures["syncs"]:
        click.echo(
            format_table(
                ("sync", "state", "planned", "attempted", "succeeded", "failed", "plan"),
                [
                    [
                        *(sync["sync"], sync["state"]),
                        *(
                            _total(sync, part)
                            for part in ("planned", "attempted", "succeeded", "failed")
                        ),
                        sync["plan_id"],
                    ]
                    for sync in figures["syncs"]
                ],
            )
        )
    for sync in figures["syncs"]:
        if sync["error"]:
            click.echo(f"  {sync['sync']}: {sync['error']}")


def print_failures(figures: Figures) -> None:
    """Failures by cause, each with a row, its request and the answer."""
    failures = figures["failures"]
    if not failures:
        click.echo("Errors: none; every row of the latest runs arrived")
        return
    rows = sum(failure["rows"] for failure in failures)
    click.echo(
        f"Errors: {counted(rows, 'row')} did not arrive, for {counted(len(failures), 'cause')}"
    )
    for failure in failures:
        _print_failure(failure)


def _print_failure(failure: Figures) -> None:
    status = failure["http_status"] or failure["code"] or ""
    title = f"{failure['outcome']} {status}".strip()
    click.echo(f"\n  {failure['sync']}: {counted(failure['rows'], 'row')} {title}")
    if failure["cause"]:
        click.echo(f"    cause    {_short(failure['cause'])}")
    click.echo(
        f"    row      {failure['operation']} {failure['key']}  {_short(failure['payload'])}"
    )
    if failure["request"]:
        request = failure["request"]
        click.echo(
            f"    request  {request['method']} {request['account']}  {_short(request['body'])}"
        )
    answer = {name: value for name, value in failure["answer"].items() if value is not None}
    click.echo(f"    answer   {_short(json.dumps(answer, ensure_ascii=False))}")
    click.echo(f"    tried    {counted(failure['attempts'], 'time')} in run {failure['run_id']}")


def _total(sync: Figures, part: str) -> int:
    return sum(sync[f"{part}_{change}"] or 0 for change in ("added", "changed", "removed"))


def _moment(moment: object) -> str:
    return str(moment)[:19]


def _seconds(seconds: object) -> str:
    return "" if seconds is None else f"{float(str(seconds)):,.1f}"


def _short(text: str | None) -> str:
    text = " ".join((text or "").split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} …"


def print_proof(figures: Figures, *, error: bool = False) -> None:
    """What was forgotten, or would be; on stderr while a person is asked."""
    titles = {
        "planned": "would be forgotten",
        "refused": "nothing was changed",
        "done": "forgotten everywhere",
        "pending": "forgotten here; a destination has not confirmed, run the command again",
    }
    click.echo(f"Forget: {titles[figures['state']]}", err=error)
    if figures["state"] == "refused":
        return
    kinds = ", ".join(sorted({one["type"] for one in figures["identifiers"]}))
    click.echo(
        f"  {counted(len(figures['identifiers']), 'identifier')} ({kinds}) of"
        f" {counted(figures['profiles'], 'profile')}",
        err=error,
    )
    if figures["tables"]:
        rows = [[name.replace('"', ""), rows] for name, rows in figures["tables"].items()]
        click.echo(format_table(("table", "rows"), rows), err=error)
    for one in figures["destinations"]:
        reason = f": {one['error']}" if one["error"] else ""
        click.echo(
            f"  {one['sync']} at {one['destination']}: {counted(one['rows'], 'row')}"
            f" {one['state']}{reason}",
            err=error,
        )
    if figures["state"] != "planned":
        click.echo(f"  proof {figures['forget_id']}, digest {figures['digest']}", err=error)


def print_suppressions(figures: Figures) -> None:
    """Entries of the register, newest first."""
    shown = figures["suppressions"]
    if not shown:
        click.echo("Suppressions: none")
        return
    click.echo(f"Suppressions: {counted(figures['total'], 'identifier')} (times are UTC)")
    rows = [[_moment(one["since"]), one["type"], one["reason"], one["value_hash"]] for one in shown]
    click.echo(format_table(("since", "type", "reason", "sha256 of the value"), rows))
    if figures["total"] > len(shown):
        click.echo(f"  and {figures['total'] - len(shown):,} more (--limit shows more)")
