"""A small project whose events a test writes itself."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.command import Finished, run_weft
from tests.dbt_project.on_postgres import use_output
from tests.shared import made_once
from warehouse.dbt import parse
from warehouse.project import find_project

Event = dict[str, Any]

OWN_TESTS = ("--indirect-selection", "cautious")
"""Options of a build of some models that leave out the tests which look at others too."""

WEFT_YML = "sources:\n  web:\n    files: events/*.ndjson\n"


@dataclass
class EventShop:
    """Lands batches of events and builds; a folder that is there is such a project already.

    ``output`` is that of a dbt profile, for another warehouse than a file of the project's own.
    """

    folder: Path
    output: Mapping[str, Any] | None = None
    batches: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.folder.exists():
            kind = type(self)
            parsed = made_once(kind.__name__, lambda place: _write_parsed(kind, place / "shop"))
            shutil.copytree(parsed / "shop", self.folder)
        if self.output is not None:
            use_output(self.folder, self.output)

    @staticmethod
    def write(folder: Path) -> None:
        """Write what every project of this kind begins with."""
        assert run_weft("init", str(folder)).exit_code == 0
        (folder / "weft.yml").write_text(WEFT_YML)
        for sync in (folder / "models" / "syncs").iterdir():
            sync.unlink()

    def weft(self, *arguments: str) -> Finished:
        """Run a command in the project."""
        return run_weft("--project-dir", str(self.folder), *arguments)

    def load(self, events: Iterable[Event]) -> None:
        """Land a file of events."""
        self.batches += 1
        path = self.folder / "events" / f"{self.batches}.ndjson"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
        finished = self.weft("load")
        assert finished.exit_code == 0, finished.errors

    def build(self, *options: str, as_of: str = "2026-09-29") -> Finished:
        """Build; it must succeed."""
        finished = self.weft("build", "--as-of", as_of, *options)
        assert finished.exit_code == 0, finished.output + finished.errors
        return finished

    def build_models(self, *options: str, as_of: str = "2026-09-29") -> Finished:
        """Build without the tests of the models."""
        return self.build("--exclude-resource-type", "test", *options, as_of=as_of)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the warehouse."""
        with find_project(self.folder).open() as warehouse:
            return warehouse.rows(sql)


def _write_parsed(kind: type[EventShop], folder: Path) -> None:
    """Write a project with what dbt keeps of a parse: it parses only what a test changes then."""
    kind.write(folder)
    parse(find_project(folder))
    kept = folder / "target" / "partial_parse.msgpack"
    for path in kept.parent.iterdir():
        if path != kept:
            path.unlink()


def event(at: str, kind: str = "track", **fields: Any) -> Event:
    """An event on a day of September 2026, e.g. ``event("02 10:00", userId="u1")``."""
    day, time = at.split()
    moment = f"2026-09-{day}T{time}:00.000Z"
    event: Event = {
        "type": kind,
        "timestamp": moment,
        "receivedAt": moment,
        "sentAt": moment,
        "originalTimestamp": moment,
        **({"event": "Product Viewed"} if kind == "track" else {}),
        **fields,
    }
    event["messageId"] = fields.get("messageId") or json.dumps(event, sort_keys=True)
    return event
