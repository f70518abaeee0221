"""What identity may come to before a check of it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from warehouse.documents import read_document
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project

_KEYS = ("vars", "identity", "checks")


@dataclass(frozen=True)
class Thresholds:
    """The limits of a check; None where something does not matter.

    Percentages are of the profiles before the build (churn) and of anonymous ids (match).
    """

    max_churn_percent: float | None = 20
    max_identifiers: float | None = 1000
    max_refused_links: float | None = None
    min_match_percent: float | None = None


def read_thresholds(project: Project, given: Mapping[str, float | None]) -> Thresholds:
    """The thresholds of ``vars: identity: checks:``, with those that are given in their place.

    A threshold that is set to null there is off. Raises UnknownNameError for one that does not
    exist, ConfigurationError for one that is no number.
    """
    document = read_document(project.folder / "dbt_project.yml")
    settings: Any = document.values
    for key in _KEYS:
        settings = settings.get(key) or {} if isinstance(settings, dict) else {}
    known = [field.name for field in fields(Thresholds)]
    for name, value in settings.items():
        place = document.place((*_KEYS, name))
        if name not in known:
            raise UnknownNameError("threshold", name, known, place)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ConfigurationError(f"{place}: {name} must be a number, or null to turn it off.")
    chosen = {name: value for name, value in given.items() if value is not None}
    return replace(Thresholds(), **{**settings, **chosen})
