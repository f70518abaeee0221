"""Guards: what a plan may not do unless a person approves it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reverse_etl.syncs import Guard

FEWEST_FOR_PERCENT = 50
"""Below so many acknowledged rows a percentage says little and is not looked at."""
_SHOWN = 3


@dataclass(frozen=True)
class Extent:
    """How much a plan touches, in rows; ``leaving`` go without a request.

    ``source`` are the rows of the model that may be sent.
    """

    source: int
    acknowledged: int
    planned: int
    removed: int
    leaving: int
    added: int = 0


def blocking_guards(
    extent: Extent, guard: Guard, circumstances: Iterable[str] = ()
) -> tuple[str, ...]:
    """The guards that stand in the way, a sentence each. A plan without rows passes.

    ``circumstances`` are sentences that block whatever the numbers are.
    """
    if not extent.planned and not extent.leaving:
        return ()
    sentences = list(circumstances)
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
        percent = 100 * extent.added / extent.acknowledged
        if guard.max_added_percent is not None and percent > guard.max_added_percent:
            sentences.append(
                f"{extent.added:,} rows would be added to {extent.acknowledged:,} ({percent:.1f} %)"
                f"; the guard max_added_percent allows {guard.max_added_percent:g} %."
            )
    return tuple(sentences)


def most_rows_sentences(planned: int, most: int | None, destination: str) -> tuple[str, ...]:
    """What blocks a plan that sends more rows than its destination takes in a run."""
    if most is None or planned <= most:
        return ()
    return (
        f"{planned:,} rows would be sent; the settings of {destination!r} allow {most:,} in a run.",
    )


def upstream_sentences(failed: Sequence[str]) -> tuple[str, ...]:
    """What blocks a plan whose model was made from something that failed in the last build."""
    if not failed:
        return ()
    shown = ", ".join(failed[:_SHOWN]) + (" and others" if len(failed) > _SHOWN else "")
    return (f"Upstream of the model the last build failed: {shown}; run: weft build.",)
