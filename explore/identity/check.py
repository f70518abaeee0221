"""Whether identity is sound: the figures of the latest build against thresholds."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from explore.identity.thresholds import Thresholds
from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError
from warehouse.manifest import Manifest

CHURN_FROM = 50
"""Profiles there must have been for a share of them to mean anything."""


_REASONS = ("unique", "limit", "never_link")
_FIGURES = (
    *("run_id", "as_of", "profiles", "known_profiles", "identifiers"),
    *("profiles_before", "survived", "minted", "taken_up", "retired", "split"),
    *("anonymous_identifiers", "matched_identifiers", "largest_profile", "near_limit"),
    *(f"refused_{reason}" for reason in _REASONS),
)


@dataclass(frozen=True)
class Watched:
    """A profile that is among the largest, or near a limit of the rules."""

    profile_id: str
    identifier_type: str | None
    identifiers: int
    limit: int | None


@dataclass(frozen=True)
class Check:
    """The figures of a build, and a sentence for each threshold that they are past.

    ``churn_percent`` is the share of the profiles before that were retired or split, None where
    there were none; ``match_percent`` the share of anonymous ids whose profile is known.
    """

    run_id: str
    as_of: date
    profiles: int
    known_profiles: int
    identifiers: int
    profiles_before: int
    survived: int
    minted: int
    taken_up: int
    retired: int
    split: int
    churn_percent: float | None
    anonymous_identifiers: int
    matched_identifiers: int
    match_percent: float | None
    refused_links: dict[str, int]
    largest: list[Watched]
    near_limit: list[Watched]
    near_limit_total: int
    breaches: list[str]


def check_identity(
    warehouse: Warehouse, manifest: Manifest, thresholds: Thresholds, *, limit: int
) -> Check:
    """Hold the latest build against thresholds; at most ``limit`` profiles are listed.

    Raises ConfigurationError when no build has figures.
    """
    figures = _latest_figures(warehouse, manifest)
    refused = {reason: figures.pop(f"refused_{reason}") for reason in _REASONS}
    near_limit = figures.pop("near_limit")
    largest_profile = figures.pop("largest_profile")
    churn = _percent(figures["retired"] + figures["split"], figures["profiles_before"])
    match = _percent(figures["matched_identifiers"], figures["anonymous_identifiers"])
    breaches = [
        _churn_breach(thresholds, churn, figures["profiles_before"]),
        _size_breach(thresholds, largest_profile),
        _refused_breach(thresholds, sum(refused.values())),
        _match_breach(thresholds, match),
    ]
    return Check(
        **figures,
        churn_percent=churn,
        match_percent=match,
        refused_links=refused,
        largest=_watched(warehouse, manifest, "largest", limit),
        near_limit=_watched(warehouse, manifest, "near_limit", limit),
        near_limit_total=near_limit,
        breaches=[breach for breach in breaches if breach],
    )


def _latest_figures(warehouse: Warehouse, manifest: Manifest) -> dict[str, Any]:
    table = manifest.table("identity_figures")
    names = ", ".join(_FIGURES)
    rows = (
        warehouse.rows(f"select {names} from {table} order by position desc limit 1")
        if warehouse.exists(table)
        else []
    )
    if not rows:
        raise ConfigurationError("Identity has no figures yet; build them with: weft build.")
    return rows[0]


def _watched(warehouse: Warehouse, manifest: Manifest, reason: str, limit: int) -> list[Watched]:
    rows = warehouse.rows(
        "select profile_id, identifier_type, count_identifiers as identifiers,"
        ' limit_identifiers as "limit"'
        f" from {manifest.table('profiles_to_watch')} where reason = ? and place <= ?"
        " order by place",
        [reason, limit],
    )
    return [Watched(**row) for row in rows]


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _churn_breach(thresholds: Thresholds, churn: float | None, before: int) -> str | None:
    most = thresholds.max_churn_percent
    if most is None or churn is None or before < CHURN_FROM or churn <= most:
        return None
    return (
        f"{churn:g} % of the {before:,} profiles before this build were retired or split, more"
        f" than {most:g} %: see profile_merges for which, and whether rules or sources changed."
    )


def _size_breach(thresholds: Thresholds, largest: int) -> str | None:
    most = thresholds.max_identifiers
    if most is None or largest <= most:
        return None
    return (
        f"The largest profile has {largest:,} identifiers, more than {most:,}: look at it with weft"
        " profile show, and block the value that strangers share or limit its type."
    )


def _refused_breach(thresholds: Thresholds, refused: int) -> str | None:
    most = thresholds.max_refused_links
    if most is None or refused <= most:
        return None
    return (
        f"{refused:,} links between profiles are refused, more than {most:,}: see refused_links for"
        " the values that people share."
    )


def _match_breach(thresholds: Thresholds, match: float | None) -> str | None:
    least = thresholds.min_match_percent
    if least is None or match is None or match >= least:
        return None
    return (
        f"{match:g} % of anonymous ids belong to a known profile, less than {least:g} %: see"
        " whether a source stopped sending user ids or e-mail addresses."
    )
