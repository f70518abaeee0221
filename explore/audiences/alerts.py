"""What about the size of an audience is worth a word after a build."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explore.audiences.catalog import settings_of
from explore.summary import AudienceSummary
from warehouse.manifest import Manifest


@dataclass(frozen=True)
class SizeAlert:
    """A limit of ``config.meta.audience.alert`` that an audience has passed."""

    audience: str
    message: str


def size_alerts(
    manifest: Manifest, audiences: Sequence[AudienceSummary], built: Collection[str]
) -> list[SizeAlert]:
    """What is unusual about the audiences that were built, by name."""
    settings = {model.name: settings_of(model).get("alert") for model in manifest.audiences()}
    return [
        SizeAlert(summary.audience, message)
        for summary in audiences
        if summary.audience in built
        for message in _messages(settings.get(summary.audience) or {}, summary)
    ]


def _messages(alert: Mapping[str, Any], summary: AudienceSummary) -> Iterator[str]:
    size, before = summary.size, summary.size - summary.entered + summary.left
    if "min" in alert and size < alert["min"]:
        yield f"{size:,} members, below {alert['min']:,}"
    if "max" in alert and size > alert["max"]:
        yield f"{size:,} members, above {alert['max']:,}"
    if (
        "change_percent" in alert
        and before > 0
        and abs(size - before) * 100 > alert["change_percent"] * before
    ):
        yield (
            f"{size:,} members after {before:,}, a change of more than"
            f" {alert['change_percent']} percent"
        )
