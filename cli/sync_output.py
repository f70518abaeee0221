"""How plans and syncs look to a person. Results go to stdout."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click

from cli.paths import shown_path
from cli.tables import format_table
from cli.words import counted

Figures = Mapping[str, Any]

PLAN_COLUMNS = ("added", "changed", "removed", "unchanged", "invalid")
_SIGNS = {"add": "+", "change": "~", "remove": "-"}
_LONGEST_KEY = 40
_REASONS = {
    "invalid_null_key": "without a key",
    "invalid_duplicate_key": "with a key that occurs more than once",
    "invalid_mapping": "with a value that JSON cannot hold",
}
_SUMMARY = ("succeeded", "unchanged", "diverted", "failed", "blocked")


def print_plans(figures: Figures) -> None:
    """What each sync would add, change and remove, with a few of the rows."""
    plans = figures["plans"]
    if not plans:
        click.echo("Plan: the project has no syncs; add one in models/syncs/.")
        return
    changes = sum(plan["added"] + plan["changed"] + plan["removed"] for plan in plans)
    click.echo(f"Plan: {counted(changes, 'row')} would be sent" if changes else "Plan: no changes")
    click.echo(
        format_table(
            ("sync", "mode", *PLAN_COLUMNS, "requests", "at least", "to"),
            [
                [
                    *(plan["sync"], plan["mode"]),
                    *(plan[column] for column in PLAN_COLUMNS),
                    *(plan["requests"], _duration(plan["seconds"]), plan["destination"]),
                ]
                for plan in plans
            ],
        )
    )
    for plan in plans:
        lines = [*_samples(plan), *_notes(plan)]
        if lines:
            click.echo("\n" + "\n".join([f"  {plan['sync']}", *lines]))


def _duration(seconds: float) -> str:
    """A time in the unit a person would use; nothing where the limits say nothing."""
    if not seconds:
        return ""
    return f"{seconds:,.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"


def _samples(plan: Figures) -> Iterator[str]:
    samples = plan["samples"]
    if not samples:
        return
    total = plan["added"] + plan["changed"] + plan["removed"]
    yield f"  + add  ~ change  - remove: {len(samples)} of {counted(total, 'row')}"
    width = min(_LONGEST_KEY, max(len(sample["key"]) for sample in samples))
    for sample in samples:
        operation = sample["operation"]
        fields = ", ".join(
            _changed_field(operation, name, old, new)
            for name, (old, new) in sample["fields"].items()
        )
        yield f"  {_SIGNS[operation]} {sample['key']:<{width}}  {fields}".rstrip()


def _changed_field(operation: str, name: str, old: str | None, new: str | None) -> str:
    if operation == "change":
        return f"{name}: {old} -> {new}"
    return f"{name}: {old if operation == 'remove' else new}"


def _notes(plan: Figures) -> Iterator[str]:
    if plan["mapping_changed"]:
        changes = "; ".join(plan["mapping_changes"]) or "it differs"
        yield f"  mapping changed since the last push: {changes}"
    if plan["leaving"]:
        rows = counted(plan["leaving"], "row")
        yield f"  {rows} left the model and stay at the destination, as the mode wants"
    for reason, rows in plan["invalid_reasons"].items():
        keys = plan["invalid_keys"] if reason == "invalid_duplicate_key" else ()
        named = f": {', '.join(keys)}" if keys else ""
        yield f"  never sent: {counted(rows, 'row')} {_REASONS.get(reason, reason)}{named}"
    if plan["withheld"]:
        yield f"  never sent: {counted(plan['withheld'], 'row')} without the consent required"
    if plan["suppressed"]:
        yield f"  never sent: {counted(plan['suppressed'], 'row')} suppressed"
    if plan["rejected_earlier"]:
        rows = counted(plan["rejected_earlier"], "row")
        yield (
            f"  {rows} that the destination refused before, or must not get twice, stay"
            " behind; send them again with: weft runs retry"
        )
    for guard in plan["guards"]:
        yield f"  blocked: {guard}"
    if plan["guards"]:
        approval = f"weft sync -s {plan['sync']} --approve {plan['plan_id']}"
        yield f"  to send exactly this plan: {approval}"


def print_syncs(figures: Figures) -> None:
    """What each sync sent and what became of it."""
    syncs = figures["syncs"]
    if not syncs:
        click.echo("Sync: the project has no syncs; add one in models/syncs/.")
        return
    pushed = [report for report in syncs if "planned" in report]
    click.echo(f"Sync: {_sync_headline(pushed, figures)}")
    if pushed:
        click.echo(
            format_table(
                ("sync", *PLAN_COLUMNS, "failed", "state"),
                [
                    [
                        report["sync"],
                        *report["planned"].values(),
                        report["unchanged"],
                        report["invalid"],
                        sum(report["failed"].values()),
                        report["state"],
                    ]
                    for report in pushed
                ],
            )
        )
    for report in syncs:
        _print_sync_notes(report)
    click.echo(summary_line(syncs))


def summary_line(syncs: list[Figures]) -> str:
    """How many syncs ended how, on one line that a person or a program finds at once."""
    states = Counter(report["state"] for report in syncs)
    parts = [f"{state.upper()}={states[state]}" for state in _SUMMARY]
    return f"Done. {' '.join(parts)} TOTAL={len(syncs)}"


def _sync_headline(pushed: list[Figures], figures: Figures) -> str:
    sent = sum(sum(report["succeeded"].values()) for report in pushed)
    diverted = [report for report in pushed if report["state"] == "diverted"]
    if diverted:
        rows = counted(sum(sum(report["planned"].values()) for report in diverted), "row")
        if figures["dry_run"]:
            return f"a dry run; {rows} would be sent, and nothing left this machine"
        return (
            f"{rows} would be sent, but their destinations may not be reached from target"
            f" {figures['target']}; nothing of them left this machine"
        )
    if len(pushed) == len(figures["syncs"]) and all(
        report["state"] == "unchanged" for report in pushed
    ):
        return "nothing has changed, so no request was sent"
    return f"{counted(sent, 'row')} sent and acknowledged"


def _print_sync_notes(report: Figures) -> None:
    for path in report.get("files", ()):
        click.echo(f"  {report['sync']} wrote {shown_path(path)}")
    for address in report.get("stored", ()):
        click.echo(f"  {report['sync']} wrote {address}")
    if report.get("diverted"):
        click.echo(f"  {report['sync']} would send {shown_path(report['diverted'])}")
    if report.get("error"):
        click.echo(f"  {report['error']}")
