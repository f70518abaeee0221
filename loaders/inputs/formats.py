"""Formats that files hold events in, and how a format is told from the first bytes."""

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

Format = Literal["ndjson", "json", "parquet", "csv", "auto"]
"""``ndjson``: a line is an event. ``json``: arrays, values one after the other, and batches as
trackers send them, on lines or not. ``parquet``, ``csv``: a row is an event, by a mapping of
columns. ``auto``: what the first bytes look like."""

HEAD_BYTES = 64 * 1024
"""How much of a file ``sniff`` wants to see."""

DOCUMENTS = ("properties", "traits", "context", "integrations")
"""Fields of an event that hold fields of their own."""

FIELDS = (
    *("type", "event", "name", "category", "messageId"),
    *("anonymousId", "userId", "groupId", "previousId"),
    *("timestamp", "originalTimestamp", "sentAt", "receivedAt"),
    *DOCUMENTS,
)
"""Fields of an event that a row's columns may be mapped to."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PARQUET = b"PAR1"


@dataclass(frozen=True)
class Column:
    """A column of a file, and how its text is read: as it is, or as a value of JSON.

    A ``number`` or ``boolean`` that is none stays text; ``json`` that is invalid too.
    """

    column: str
    type: Literal["string", "number", "boolean", "json"] | None = None


@dataclass(frozen=True)
class Input:
    """How a source's files hold its events.

    ``columns`` maps fields of an event (``userId``, ``properties.total``) to columns of a Parquet
    or CSV file; ``constants`` are fields that every row has alike (``type``, ``event``).
    """

    format: Format = "ndjson"
    columns: Mapping[str, Column] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


def check_input(input: Input) -> None:
    """Raise ValueError, with what to do, for a mapping that cannot make events."""
    if input.format in ("parquet", "csv") and not input.columns:
        raise ValueError(f"the format {input.format} needs columns: field of the event: its column")
    fields = [*input.columns, *input.constants]
    for name in fields:
        first, dot, rest = name.partition(".")
        known = DOCUMENTS if dot else FIELDS
        if first not in known or (dot and not all(rest.split("."))):
            nearest = get_close_matches(first, known, n=1)
            advice = f"; did you mean {nearest[0]!r}" if nearest else f": {', '.join(known)}"
            raise ValueError(f"columns cannot be mapped to {name!r}, only to known fields{advice}")
        if fields.count(name) > 1 or any(other.startswith(f"{name}.") for other in fields):
            raise ValueError(f"{name} is mapped twice; keep one of its columns")


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins with these bytes is gzip or zstd."""
    return head.startswith((_GZIP, _ZSTD))


def is_gzip(head: bytes) -> bool:
    """Whether a file that begins with these bytes is gzip."""
    return head.startswith(_GZIP)


def sniff(head: bytes, input: Input) -> Format:
    """The format of a file whose (uncompressed) text begins with these bytes."""
    if input.format != "auto":
        return input.format
    if head.startswith(_PARQUET):
        return "parquet"
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text.startswith(b"["):
        return "json"
    if not text.startswith(b"{"):
        return "csv" if input.columns else "ndjson"
    line, end, _ = text.partition(b"\n")
    if not end and len(head) >= HEAD_BYTES:
        return "json" if b'"batch"' in line else "ndjson"
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return "json" if _is_torn(line) else "ndjson"
    return "json" if isinstance(value.get("batch"), list) else "ndjson"


def is_unfinished(text: bytes) -> bool:
    """Whether the text after the last line end of a file is only the beginning of a line."""
    line = text.removeprefix(codecs.BOM_UTF8).strip()
    if not line:
        return False
    try:
        json.loads(line.decode())
    except ValueError:
        return True
    except RecursionError:
        return False
    return False


def _is_torn(line: bytes) -> bool:
    """Whether a first line holds more or less than one value: a break, not a mistake, in it."""
    try:
        text = line.decode()
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        # Up to its end there was nothing wrong: the value goes on in the next line.
        return error.pos >= len(text.rstrip()) - 1
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip()[:1] in ("{", "[")
