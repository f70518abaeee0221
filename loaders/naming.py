"""Names of landed tables and columns: the rule of Segment's snake case package.

Only ASCII letters and digits survive; a word is upper-case letters or digits followed by
lower-case letters or digits, so an acronym stays with the word after it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

MAX_LENGTH = 127
"""Longest name, in characters, that lands."""

CALL_TABLES = ("tracks", "identifies", "pages", "screens", "groups", "aliases")
"""The tables that every event of a type lands in."""

_SYSTEM_TABLES = frozenset((*CALL_TABLES, "users", "accounts"))

_TOKEN = re.compile(r"(?=[A-Za-z0-9])[A-Z0-9]*[a-z0-9]*")

_RESERVED = """
    all analyse analyze and any array as asc asymmetric both case cast check collate column
    constraint create default deferrable desc describe distinct do else end except false fetch for
    foreign from group having in initially intersect into lambda lateral leading limit not null
    offset on only or order pivot pivot_longer pivot_wider placing primary qualify references
    returning select show some summarize symmetric table then to trailing true union unique unpivot
    using variadic when where window with
"""

RESERVED_WORDS = frozenset(_RESERVED.split())
"""Words that need quotes as a bare name; they land with a leading underscore."""


@lru_cache(maxsize=100_000)
def snake_case(name: str) -> str:
    """A name in snake case; empty when it holds no ASCII letter or digit."""
    return "_".join(token.lower() for token in _TOKEN.findall(name) if token)


def column_name(path: Iterable[str]) -> str:
    """The column of a value at a path of JSON keys; empty when nothing of the path survives."""
    return _safe(snake_case("_".join(path)))


def table_name(event: str) -> str:
    """The table of an event name; empty when nothing of the name survives."""
    name = _safe(snake_case(event))
    return f"_{name}" if name in _SYSTEM_TABLES else name


def _safe(name: str) -> str:
    if name[:1].isdigit():
        name = f"_{name}"
    name = name[:MAX_LENGTH]
    return f"_{name}" if name in RESERVED_WORDS else name
