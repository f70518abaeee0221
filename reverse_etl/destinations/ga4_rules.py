"""What Google Analytics 4 drops or cuts without a word: events that break its rules.

https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events
"""

import json
import re

from reverse_etl.destinations.kit.events import Event
from reverse_etl.values import plain

MOST_PARAMETERS = 25
LONGEST_NAME = 40
LONGEST_VALUE = 100

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED_PREFIXES = ("_", "firebase_", "ga_", "google_", "gtag.")
_RESERVED = frozenset(
    {
        "ad_activeview",
        "ad_click",
        "ad_exposure",
        "ad_query",
        "ad_reward",
        "adunit_exposure",
        "app_clear_data",
        "app_exception",
        "app_install",
        "app_remove",
        "app_store_refund",
        "app_update",
        "app_upgrade",
        "error",
        "first_open",
        "first_visit",
        "in_app_purchase",
        "notification_dismiss",
        "notification_foreground",
        "notification_open",
        "notification_receive",
        "os_update",
        "screen_view",
        "session_start",
        "user_engagement",
    }
)
_ITEMS = "items"


def broken_rule(event: Event) -> str | None:
    """Which rule an event breaks, in a few words; None for none."""
    name = str(json.loads(event.name))
    if wrong := _wrong_name(name):
        return f"the name of the event {wrong}"
    if name in _RESERVED:
        return "the name of the event is reserved"
    parameters = {name: value for name, value in event.properties.items() if value != "null"}
    if len(parameters) > MOST_PARAMETERS:
        return f"it has more than {MOST_PARAMETERS} parameters"
    for parameter, value in parameters.items():
        if wrong := _wrong_name(parameter):
            return f"the name of the parameter {parameter!r} {wrong}"
        if value.startswith(("[", "{")) and parameter != _ITEMS:
            return f"the parameter {parameter!r} is a list or an object, which only items may be"
        if parameter != _ITEMS and len(plain(value) or "") > LONGEST_VALUE:
            return f"the parameter {parameter!r} has more than {LONGEST_VALUE} characters"
    return None


def _wrong_name(name: str) -> str | None:
    if not _NAME.fullmatch(name):
        return "has other characters than letters, digits and _, or begins with none of the letters"
    if len(name) > LONGEST_NAME:
        return f"has more than {LONGEST_NAME} characters"
    return "begins as reserved ones do" if name.startswith(_RESERVED_PREFIXES) else None
