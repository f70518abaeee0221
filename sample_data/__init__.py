"""The sample shop: three sources, two days of deliveries, and the truth about them."""

from datetime import date
from pathlib import Path

HERE = Path(__file__).parent

FIRST_DAY = HERE / "first_day"
NEXT_DAY = HERE / "next_day"
ANSWERS = HERE / "answers.json"

FIRST_AS_OF = date(2026, 9, 29)
NEXT_AS_OF = date(2026, 9, 30)

SOURCES = ("web", "server", "mobile")

__all__ = [
    "ANSWERS",
    "FIRST_AS_OF",
    "FIRST_DAY",
    "HERE",
    "NEXT_AS_OF",
    "NEXT_DAY",
    "SOURCES",
]
