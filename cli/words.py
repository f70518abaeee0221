"""Small words of results: how many of what, and values that fit on a line."""

from datetime import datetime
from decimal import Decimal

WIDEST = 60
"""Characters of a value that a line shows."""


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless it is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def one_line(value: object, widest: int = WIDEST) -> str:
    """A value on one line: newlines and the like as they are written in code, long ones cut.

    Times are to the second and decimals without the zeros behind them.
    """
    if isinstance(value, datetime):
        value = value.replace(microsecond=0)
    elif isinstance(value, Decimal):
        value = f"{value:f}".rstrip("0").rstrip(".") if value else "0"
    text = str(value)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
    return text if len(text) <= widest else text[: widest - 1] + "…"
