r"""Regular expressions (RE2) that find members of objects in the text of valid JSON.

DuckDB's JSON functions print numbers and strings anew; positions in the text are what leaves the
rest of a line byte-identical. A pattern can count brackets only so far, which is why it knows a
deepest level; what goes deeper than DuckDB's JSON functions lands nowhere anyhow.
"""

from collections.abc import Iterable, Sequence
from functools import cache

MAX_DEPTH = 128
"""Levels of nesting that patterns follow, those of DuckDB's JSON functions."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_PLAIN = r'[^{}\[\]"]'
_SPACE = r"[ \t\r\n]*"
_START = rf"{_SPACE},?{_SPACE}{_STRING}{_SPACE}:{_SPACE}"


@cache
def _nested(depth: int) -> str:
    """An object or array, with its brackets."""
    inner = f"|{_nested(depth - 1)}" if depth > 1 else ""
    return rf"[{{\[](?:{_PLAIN}|{_STRING}{inner})*[}}\]]"


def _skipped(depth: int) -> str:
    """As few whole tokens as may be, brackets with what they hold."""
    return f"(?:{_PLAIN}|{_STRING}|{_nested(depth)})*?"


def _value() -> str:
    return rf'(?:{_STRING}|{_nested(MAX_DEPTH)}|[^ \t\r\n,{{}}\[\]"]+)'


def key(name: str) -> str:
    """A key between its quotes, each character as itself or escaped."""
    return f'"{"".join(map(_character, name))}"'


def whole() -> str:
    """An object that is nested no deeper than patterns can follow."""
    return rf"(?s)^{_SPACE}{_nested(MAX_DEPTH)}{_SPACE}$"


def up_to_value(keys: Sequence[str]) -> str:
    """All that stands before the value at a path of keys, from the beginning of the line."""
    levels = (
        rf"\{{{_skipped(MAX_DEPTH - depth)}{key(name)}{_SPACE}:{_SPACE}"
        for depth, name in enumerate(keys, start=1)
    )
    return f"(?s)^{_SPACE}{''.join(levels)}"


def value() -> str:
    """The value at the beginning of a text."""
    return rf"(?s)^{_value()}"


def start_of_member() -> str:
    """The comma before a member, if there is one, its key, and all that stands before its value."""
    return rf"(?s)^{_START}"


def whole_member() -> str:
    """A member of an object, with the comma before it."""
    return rf"(?s){_START}{_value()}"


def last_key(name: str) -> str:
    """The key that ends what stands before its value, with the comma before it."""
    return rf"(?s),?{_SPACE}{key(name)}{_SPACE}:{_SPACE}$"


def member(name: str) -> str:
    """A key that some object of a text has."""
    return f"{key(name)}{_SPACE}:"


def with_value(keys: Sequence[str], texts: Iterable[str]) -> str:
    """An event with one of some strings at a path of keys."""
    return f"{up_to_value(keys)}(?:{'|'.join(map(key, texts))})"


_SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def _character(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    escaped = "".join(rf"\\u(?i:{units[start : start + 4]})" for start in range(0, len(units), 4))
    forms = [rf"\x{{{ord(character):x}}}"] if character not in '"\\' else []
    if character in _SHORT:
        forms.append(rf"\\\x{{{ord(_SHORT[character]):x}}}")
    return f"(?:{'|'.join([*forms, escaped])})"
