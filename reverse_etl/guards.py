"""Guards: what a plan may not do unless a person approves it."""

from dataclasses import dataclass

from reverse_etl.syncs import Guard

FEWEST_FOR_PERCENT = 50
"""Below so many acknowledged rows a percentage says little and is not looked at."""


@dataclass(frozen=True)
class Extent:
    """How much a plan touches, in rows; ``leaving`` go without a request."""

    source: int
    acknowledged: int
    planned: int
    removed: int
    leaving: int


def blocking_guards(extent: Extent, guard: Guard) -> tuple[str, ...]:
    """The guards that stand in the way, a sentence each. A plan without rows passes."""
    if not extent.planned and not extent.leaving:
        return ()
    sentences = []
    if extent.source < guard.min_rows:
        sentences.append(
            f"The model has {extent.source:,} rows; the guard min_rows asks for at least "
            f"{guard.min_rows:,}."
        )
    elif extent.source == 0 and extent.removed:
        sentences.append(f"The model is empty; all {extent.removed:,} rows would be removed.")
    if extent.removed > guard.max_removed_rows:
        sentences.append(
            f"{extent.removed:,} rows would be removed; the guard max_removed_rows allows "
            f"{guard.max_removed_rows:,}."
        )
    if extent.acknowledged >= FEWEST_FOR_PERCENT:
        percent = 100 * extent.removed / extent.acknowledged
        if percent > guard.max_removed_percent:
            sentences.append(
                f"{extent.removed:,} of {extent.acknowledged:,} rows ({percent:.1f} %) would be "
                f"removed; the guard max_removed_percent allows {guard.max_removed_percent:g} %."
            )
    return tuple(sentences)
