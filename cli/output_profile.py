"""How one profile looks to a person."""

from collections.abc import Mapping
from typing import Any

import click

from cli.tables import format_table
from cli.words import counted, one_line

Figures = Mapping[str, Any]


def print_profile(profile: Figures) -> None:
    """Who it is, how that is known, and what it did: a table per list that is not empty."""
    identifiers = counted(profile["totals"]["identifiers"], "identifier")
    click.echo(
        f"Profile {profile['profile_id']}: {identifiers},"
        f" seen {one_line(profile['first_seen_at'])} to {one_line(profile['last_seen_at'])}"
    )
    for former in profile["former_ids"]:
        click.echo(
            f"  formerly also {former['profile_id']}, merged as of {former['as_of']}"
            f" (run {former['run_id']})"
        )
    _print_more(profile, "former_ids", "former id")
    _print_identifiers(profile)
    _print_refused_links(profile)
    _print_traits(profile["traits"])
    _print_audiences(profile["audiences"])
    _print_events(profile)


def _print_identifiers(profile: Figures) -> None:
    rows = [
        [
            one["identifier_type"],
            one_line(one["identifier_value"]),
            one_line(one["first_seen_at"]),
            one_line(one["last_seen_at"]),
            one["events"],
            _came_in(one["came_in"], is_first=place == 0),
        ]
        for place, one in enumerate(profile["identifiers"])
    ]
    headings = ("identifier", "value", "first seen", "last seen", "events", "came in by")
    click.echo(f"\nIdentifiers\n{format_table(headings, rows)}")
    _print_more(profile, "identifiers", "identifier")


def _came_in(link: Figures | None, *, is_first: bool) -> str:
    if link is None:
        return "the first" if is_first else "a rule (always_link)"
    seen_with = one_line(f"{link['identifier_type']}:{link['identifier_value']}")
    when = f", {one_line(link['linked_at'])}" if link["linked_at"] else ""
    return f"{seen_with} on {_event(link['event'])}{when}"


def _event(event: Figures) -> str:
    name = event["event_name"] or event["call_type"] or "a row"
    number = f" {one_line(event['event_id'], 40)}" if event["event_id"] else ""
    return f"{one_line(name)} of {event['source']}{number}"


def _print_refused_links(profile: Figures) -> None:
    if not profile["refused_links"]:
        return
    click.echo("\nRefused links: seen together, yet two people")
    for link in profile["refused_links"]:
        own = one_line(f"{link['identifier_type']}:{link['identifier_value']}")
        other = one_line(f"{link['other_type']}:{link['other_value']}")
        known_as = one_line(link["other_known_as"])
        owner = "" if known_as == other else f" of {known_as}"
        click.echo(
            f"  {own} with {other}{owner} (profile {link['other_profile_id']})\n"
            f"    on {_event(link['event'])}, {one_line(link['linked_at'])}\n"
            f"    {link['reason']}: {link['meaning']}"
        )
    _print_more(profile, "refused_links", "refused link")


def _print_traits(traits: Figures) -> None:
    rows = [[name, one_line(value)] for name, value in traits.items() if value is not None]
    if rows:
        click.echo(f"\nTraits\n{format_table(('trait', 'value'), rows)}")


def _print_audiences(audiences: list[Figures]) -> None:
    rows = [[one["audience"], one_line(one["since"]), one["as_of"]] for one in audiences]
    if rows:
        click.echo(f"\nAudiences\n{format_table(('audience', 'since', 'as of'), rows)}")


def _print_events(profile: Figures) -> None:
    rows = [
        [
            one_line(one["occurred_at"]),
            one["call_type"],
            one_line(one["event_name"] or ""),
            one["source"],
            one_line(one["event_id"]),
        ]
        for one in profile["events"]
    ]
    if rows:
        headings = ("occurred at", "call", "event", "source", "message id")
        click.echo(f"\nLast events\n{format_table(headings, rows)}")
        _print_more(profile, "events", "event")


def _print_more(profile: Figures, name: str, noun: str) -> None:
    more = profile["totals"][name] - len(profile[name])
    if more > 0:
        click.echo(f"  and {counted(more, 'more ' + noun)} (--limit shows more)")
