"""Events as ``parse`` leaves them, held against a tracking plan without a file in between."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from loaders.envelopes import ARRIVED, DUPLICATES, HELD_BACK
from loaders.landing import Load
from loaders.tracking_plans.enforce import Enforcement, enforce
from loaders.tracking_plans.settings import TrackingPlanSettings
from loaders.tracking_plans.source import open_plan
from warehouse.engines import Warehouse, open_engine
from warehouse.system_tables import migrate, utc_now

URI = "events/one.ndjson"


class Door:
    """A warehouse, and events that stand before it."""

    def __init__(self, folder: Path, output: Mapping[str, Any]) -> None:
        self.folder = folder
        self.warehouse: Warehouse = open_engine(output, folder)
        migrate(self.warehouse)

    def write_plan(self, plan: dict[str, Any], name: str = "plan.json") -> Path:
        path = self.folder / name
        path.write_text(json.dumps(plan))
        return path

    def arrive(self, lines: Sequence[str], duplicates: Sequence[int] = ()) -> None:
        """Fill ARRIVED and DUPLICATES; a line that is no JSON is rejected."""
        rows = [_row(number, raw) for number, raw in enumerate(lines, start=1)]
        parser = self.warehouse.parser
        parser.register("arriving", pa.Table.from_pylist(rows, schema=_SCHEMA))
        parser.execute(f"create or replace temp table {ARRIVED} as from arriving")
        parser.unregister("arriving")
        parser.execute(f"create or replace temp table {DUPLICATES} (number bigint)")
        for number in duplicates:
            parser.execute(f"insert into {DUPLICATES} values (?)", [number])

    def enforce(self, *events: dict[str, Any] | str, **settings: Any) -> Enforcement:
        """Let events arrive and enforce ``plan.json`` on them."""
        self.arrive([one if isinstance(one, str) else json.dumps(one) for one in events])
        plan = open_plan(
            self.folder, TrackingPlanSettings.model_validate({"file": "plan.json", **settings})
        )
        load = Load(self.warehouse, "web", 1, utc_now())
        with self.warehouse.transaction():
            return enforce(load, plan, [URI])

    def violations(self) -> list[tuple[str, str, str]]:
        """Kind, field and action of what ``weft.violations`` holds, ordered."""
        rows = self.warehouse.rows("select kind, field, action from weft.violations")
        return sorted((row["kind"], row["field"], row["action"]) for row in rows)

    def documents(self, name: str) -> list[Any]:
        """A document of the events that are left to land, in their order."""
        rows = self.warehouse.parser.execute(
            f"select {name} from {ARRIVED} anti join {DUPLICATES} using (number)"
            f" anti join {HELD_BACK} using (number) where reason is null order by number"
        ).fetchall()
        return [None if text is None else json.loads(text) for (text,) in rows]


_SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("line", pa.int64()),
        ("number", pa.int64()),
        *((name, pa.string()) for name in ("id", "type", "event", "name", "category")),
        *((f"{name}_id", pa.string()) for name in ("anonymous", "user", "group", "previous")),
        *((name, pa.timestamp("us")) for name in ("sent_at", "original_timestamp")),
        *((name, pa.timestamp("us")) for name in ("timestamp", "received_at")),
        *((name, pa.string()) for name in ("properties", "traits", "context", "reason", "raw")),
    ]
)


def _row(number: int, raw: str) -> dict[str, Any]:
    row: dict[str, Any] = {"file": 0, "line": number, "number": number, "raw": raw}
    try:
        event = json.loads(raw)
    except ValueError:
        return row | {"reason": "not valid JSON"}
    documents = {
        name: json.dumps(event[name])
        for name in ("properties", "traits", "context")
        if isinstance(event.get(name), dict)
    }
    return row | {
        "id": event["messageId"],
        "type": event["type"],
        "event": json.dumps(event["event"]) if "event" in event else None,
        "name": event.get("name"),
        "user_id": event.get("userId"),
        **documents,
    }
