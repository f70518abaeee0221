"""The file of ``weft plan -o``: which plans were made, and what a person needs to judge them.

It holds ids, digests, counts and at most ten rows of customers, all plans taken together; the
rows themselves stay in the warehouse. ``weft apply`` sends what the file names and nothing else.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from reverse_etl.plan import Plan, load_plan, refuse_changed
from reverse_etl.samples import MOST_SAMPLES
from reverse_etl.transports.files import write_file
from warehouse.engines import Warehouse
from warehouse.errors import BlockedError, ConfigurationError, UnknownNameError

FORMAT_VERSION = 1
_LEFT_OUT = ("invalid_keys",)


@dataclass(frozen=True)
class PlanEntry:
    """A plan as a file names it."""

    plan_id: str
    sync: str
    digest: str


def write_plan_file(path: Path, plans: Sequence[Plan]) -> None:
    """Write a file that only its owner may read. Raises ConfigurationError when it cannot be."""
    document = {
        "format_version": FORMAT_VERSION,
        "plans": [_entry(plan) for plan in _with_few_samples(plans)],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
    try:
        write_file(path, [text.encode()])
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None


def read_plan_file(path: Path) -> list[PlanEntry]:
    """The plans a file names, in order. Raises ConfigurationError when it is no plan file."""
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        if document["format_version"] != FORMAT_VERSION:
            raise ConfigurationError(
                f"{path} was written by another version of weft; make it anew with: "
                "weft plan -o FILE."
            )
        return [
            PlanEntry(str(plan["plan_id"]), str(plan["sync"]), str(plan["digest"]))
            for plan in document["plans"]
        ]
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"{path} is no plan file; write one with: weft plan -o FILE."
        ) from None


def load_entry(warehouse: Warehouse, entry: PlanEntry) -> Plan:
    """The plan a file names, exactly as it was when the file was written.

    Raises BlockedError when the warehouse does not have it, or has another one under its id.
    """
    try:
        plan = load_plan(warehouse, entry.plan_id)
    except UnknownNameError:
        raise BlockedError(
            f"The plan {entry.plan_id} of {entry.sync!r} is not in this warehouse; make a new one "
            "with: weft plan -o FILE."
        ) from None
    if (plan.sync, plan.digest) != (entry.sync, entry.digest):
        raise BlockedError(
            f"The plan {entry.plan_id} of {entry.sync!r} is stale: the file names another digest "
            "than the warehouse; make a new plan."
        )
    refuse_changed(warehouse, plan)
    return plan


def _with_few_samples(plans: Sequence[Plan]) -> Iterator[Plan]:
    """The plans with ten sample rows among them, shared out evenly."""
    kept = [0] * len(plans)
    while sum(kept) < MOST_SAMPLES:
        growing = [at for at, plan in enumerate(plans) if kept[at] < len(plan.samples)]
        if not growing:
            break
        for at in growing[: MOST_SAMPLES - sum(kept)]:
            kept[at] += 1
    for plan, count in zip(plans, kept, strict=True):
        yield replace(plan, samples=plan.samples[:count])


def _entry(plan: Plan) -> dict[str, Any]:
    return {name: value for name, value in asdict(plan).items() if name not in _LEFT_OUT}
