"""What a source's settings say about its tracking plan."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

ALLOW, OMIT, BLOCK = "allow", "omit", "block"
"""What is done about a violation: nothing, leave the property out, hold the event back whole."""

UNPLANNED_EVENT, UNPLANNED_PROPERTY = "unplanned_event", "unplanned_property"
MISSING_REQUIRED, WRONG_TYPE, INVALID_VALUE = "missing_required", "wrong_type", "invalid_value"

KINDS = (UNPLANNED_EVENT, UNPLANNED_PROPERTY, MISSING_REQUIRED, WRONG_TYPE, INVALID_VALUE)
"""Kinds of violation: what Segment calls controls (the first two) and violations (the others)."""


class TrackingPlanSettings(BaseModel):
    """``tracking_plan:`` of a source in weft.yml.

    ``file`` is relative to the project's folder. ``violations`` goes for required properties that
    are missing, wrong types and invalid values (pattern, enum, format, limits and all other
    rules), unless the kind has an action of its own; ``common_violations`` for what breaks a COMMON
    rule. Where there is no property to leave out, as for one that is missing, omit allows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    unplanned_events: Literal["allow", "block"] = "allow"
    unplanned_properties: Literal["allow", "omit", "block"] = "allow"
    violations: Literal["allow", "omit", "block"] = "allow"
    missing_required: Literal["allow", "block"] | None = None
    wrong_type: Literal["allow", "omit", "block"] | None = None
    invalid_value: Literal["allow", "omit", "block"] | None = None
    common_violations: Literal["allow", "omit", "block"] | None = None

    def action(self, kind: str, *, common: bool = False) -> str:
        """What is to be done about a violation of a kind; ``common`` if it breaks a COMMON rule."""
        if kind == UNPLANNED_EVENT:
            return self.unplanned_events
        if kind == UNPLANNED_PROPERTY:
            return self.unplanned_properties
        if common and self.common_violations:
            return self.common_violations
        own: str | None = getattr(self, kind)
        return own or self.violations
