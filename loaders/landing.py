"""Events into landed tables: one batch per table, values typed, what does not fit discarded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from loaders.batches import Batch, Loss
from loaders.columns import BIGINT, TIMESTAMP, VARCHAR, Column, evolve, family, settle
from loaders.structure import literal
from warehouse.engines import Table, Warehouse
from warehouse.system_tables import DISCARDS


@dataclass
class Load:
    """What the rows of one transaction have in common.

    The first file of the group has ``first_load_id``, the next ones count on. ``discards`` counts
    the values that did not land.
    """

    warehouse: Warehouse
    source: str
    first_load_id: int
    loaded_at: datetime
    discards: int = 0

    @property
    def load_id(self) -> str:
        """SQL for the load of a row."""
        return f"{self.first_load_id} + file"

    @property
    def load_time(self) -> str:
        """SQL for the time of the load."""
        return f"timestamp '{self.loaded_at.isoformat(sep=' ')}'"


def land(load: Load, batch: Batch) -> list[Column]:
    """Append a batch to its table; the columns that are not the same in every table.

    The table and its columns are made where they are missing; values that do not fit, that
    collide or whose names are reserved go to ``weft.discards``.
    """
    warehouse, table = load.warehouse, Table(load.source, batch.table)
    existing = {
        name: family(type_, warehouse.dialect) for name, type_ in warehouse.columns(table).items()
    }
    columns = settle(warehouse.parser, batch.rows, batch.candidates, existing)
    fixed = _fixed_columns(load, batch)
    evolve(warehouse, table, [(one.name, one.type) for one in (*fixed, *columns)], existing)
    values = {one.name: one.text for one in fixed} | {one.name: one.value for one in columns}
    warehouse.insert_parsed(
        table, list(values), f"select {', '.join(values.values())} from {batch.rows}"
    )
    misfits = [
        Loss(one.name, one.text, one.is_misfit, f"does not fit {one.type}")
        for one in columns
        if one.misfits
    ]
    discard(load, batch, [*misfits, *batch.losses])
    return columns


def discard(load: Load, batch: Batch, losses: Sequence[Loss]) -> None:
    """Keep the values that do not land."""
    for loss in losses:
        values = {
            "load_id": load.load_id,
            "source": literal(load.source),
            "table_name": literal(batch.table),
            "column_name": literal(loss.name),
            "column_value": loss.text,
            "row_id": "id",
            "reason": literal(loss.reason),
            "discarded_at": load.load_time,
        }
        load.discards += load.warehouse.insert_parsed(
            DISCARDS,
            list(values),
            f"select {', '.join(values.values())} from {batch.rows} where {loss.condition}",
        )


def _fixed_columns(load: Load, batch: Batch) -> list[Column]:
    return [
        Column("id", VARCHAR, "id"),
        Column("anonymous_id", VARCHAR, "anonymous_id"),
        Column("user_id", VARCHAR, "user_id"),
        Column("received_at", TIMESTAMP, "received_at"),
        Column("sent_at", TIMESTAMP, "sent_at"),
        Column("original_timestamp", TIMESTAMP, "original_timestamp"),
        Column("timestamp", TIMESTAMP, "timestamp"),
        *(Column(name, VARCHAR, text) for name, text in batch.own.items()),
        Column("load_id", BIGINT, load.load_id),
        Column("uuid_ts", TIMESTAMP, load.load_time),
        Column("loaded_at", TIMESTAMP, load.load_time),
    ]
