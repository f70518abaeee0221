"""Names of landed tables and columns: Segment's rule, or RudderStack's for those who move from it.

Under both only ASCII letters and digits survive. Segment (its snake case package): a word is
upper-case letters or digits followed by lower-case letters or digits, so an acronym stays with
the word after it. RudderStack (its present default): an acronym is a word of its own, digits
belong to the letters before them, and underscores that lead stay.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from warehouse.engines import Limits

MAX_LENGTH = 127
"""Longest name, in characters, that lands."""

CALL_TABLES = ("tracks", "identifies", "pages", "screens", "groups", "aliases")
"""The tables that every event of a type lands in."""

_SYSTEM_TABLES = frozenset((*CALL_TABLES, "users", "accounts"))

_SEGMENT_WORD = re.compile(r"(?=[A-Za-z0-9])[A-Z0-9]*[a-z0-9]*")
_SEGMENT_SPLIT = (r"([A-Z0-9]+[a-z0-9]*|[a-z][a-z0-9]*)", r"\1_")
_RUDDERSTACK_WORD = re.compile(
    r"(?:[0-9]+[A-Z]+|[0-9]+[a-z]*|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+)[0-9]*"
)
# Warehouses do not look ahead: an acronym is found together with the word that ends it.
_RUDDERSTACK_SPLIT = (
    r"([0-9]+[A-Z]+[0-9]*|[0-9]+[a-z]*[0-9]*|[A-Z]?[a-z]+[0-9]*)"
    r"|([A-Z]+)([A-Z][a-z]+[0-9]*)|([A-Z]+[0-9]*)",
    r"\1_\2_\3_\4_",
)

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


@dataclass(frozen=True)
class Naming:
    """A rule for names. ``keeps_underscores`` says whether those that lead a name stay.

    Names are cut to ``longest`` characters.

    ``word`` finds the words of a name; ``split`` is the same for a warehouse, as the pattern and
    the replacement that cut a name into its words.
    """

    word: re.Pattern[str]
    split: tuple[str, str]
    keeps_underscores: bool
    longest: int = MAX_LENGTH

    def within(self, limits: Limits) -> "Naming":
        """The rule, as far as names of the warehouse may be as long."""
        return replace(self, longest=min(self.longest, limits.name))

    def snake_case(self, name: str) -> str:
        """A name in snake case; empty when it holds no ASCII letter or digit."""
        return _snake_case(self, name)

    def snake_case_sql(self, name: str) -> str:
        """``snake_case`` as SQL; ``name`` is SQL for a name."""
        pattern, replacement = self.split
        cut = f"regexp_replace({name}, '{pattern}', '{replacement}', 'g')"
        words = f"lower(trim(regexp_replace({cut}, '[^A-Za-z0-9]+', '_', 'g'), '_'))"
        if not self.keeps_underscores:
            return words
        leading = f"left({name}, length({name}) - length(ltrim({name}, '_')))"
        return f"case when {words} = '' then '' else {leading} || {words} end"

    def column_name(self, path: Iterable[str]) -> str:
        """The column of a value at a path of JSON keys; empty when nothing of it survives."""
        return _safe(self.snake_case("_".join(path)), self.longest)

    def table_name(self, event: str) -> str:
        """The table of an event name; empty when nothing of the name survives."""
        name = _safe(self.snake_case(event), self.longest)
        return f"_{name}" if name in _SYSTEM_TABLES else name


SEGMENT = Naming(_SEGMENT_WORD, _SEGMENT_SPLIT, keeps_underscores=False)
RUDDERSTACK = Naming(_RUDDERSTACK_WORD, _RUDDERSTACK_SPLIT, keeps_underscores=True)

NAMINGS = {"segment": SEGMENT, "rudderstack": RUDDERSTACK}
"""The rules that a source may choose, by the word for it in weft.yml."""


snake_case = SEGMENT.snake_case
column_name = SEGMENT.column_name
table_name = SEGMENT.table_name


@lru_cache(maxsize=100_000)
def _snake_case(naming: Naming, name: str) -> str:
    words = [word for word in naming.word.findall(name) if word]
    leading = len(name) - len(name.lstrip("_")) if naming.keeps_underscores and words else 0
    return "_" * leading + "_".join(words).lower()


def _safe(name: str, longest: int) -> str:
    if name[:1].isdigit():
        name = f"_{name}"
    name = name[:longest]
    return f"_{name}" if name in RESERVED_WORDS else name
