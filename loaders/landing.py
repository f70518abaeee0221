"""Events into landed tables: one batch per table, values typed, what does not fit discarded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from loaders.batches import OWN_COLUMNS, Batch, Loss, Rules
from loaders.catalog import BIGINT, TIMESTAMP, VARCHAR, Catalog
from loaders.columns import Column, settle, widen
from loaders.structure import literal
from warehouse.engines import Table, Warehouse
from warehouse.system_tables import DISCARDS

_DISCARD_COLUMNS = (
    *("load_id", "source", "table_name", "column_name", "column_value"),
    *("row_id", "reason", "discarded_at"),
)
_LOSSES_AT_ONCE = 100
_WORTH_LEARNING = 500
_TIMES = ("received_at", "sent_at", "original_timestamp", "timestamp")
_LATEST = {"identifies": ("users",), "groups": ("accounts",)}
"""Tables whose columns have the types of another one's."""


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
    rules: Rules = field(default_factory=Rules)

    def __post_init__(self) -> None:
        self.rules = self.rules.within(self.warehouse.limits)

    @cached_property
    def catalog(self) -> Catalog:
        """The tables of the source. Read when first asked for, which must be in the transaction."""
        return Catalog(self.warehouse, self.source)

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
    warehouse, catalog = load.warehouse, load.catalog
    columns = settle(warehouse.parser, batch.rows, batch.candidates, catalog.columns(batch.table))
    tables = (batch.table, *_LATEST.get(batch.table, ()))
    columns, losses = _fitting(load, batch, columns)
    columns = widen(warehouse.parser, batch.rows, columns, lambda name: catalog.widen(tables, name))
    fixed = _fixed_columns(load, batch)
    catalog.evolve(batch.table, [(one.name, one.type) for one in (*fixed, *columns)])
    values = {one.name: one.text for one in fixed} | {one.name: one.value for one in columns}
    table = Table(load.source, batch.table)
    landed = warehouse.insert_parsed(
        table, list(values), f"select {', '.join(values.values())} from {batch.rows}"
    )
    if landed >= _WORTH_LEARNING:
        # Not of all columns: to look at wide rows takes as long as to land them.
        warehouse.learn(table, [one.name for one in fixed])
    misfits = [
        Loss(one.name, one.text, one.is_misfit, f"does not fit {one.type}")
        for one in columns
        if one.misfits
    ]
    discard(load, batch, [*misfits, *batch.losses, *losses])
    return columns


def _fitting(
    load: Load, batch: Batch, columns: Sequence[Column]
) -> tuple[list[Column], list[Loss]]:
    """The columns that the table has or has room for, and what does not land of the others."""
    most = load.warehouse.limits.columns
    present = load.catalog.columns(batch.table)
    room = most - len({*present, *(name for name, _ in fixed_types(batch.type))})
    fitting: list[Column] = []
    losses: list[Loss] = []
    for one in columns:
        is_new = one.name not in present
        if is_new and room <= 0:
            reason = f"more than {most} columns"
            losses.append(Loss(one.name, one.text, f"{one.text} is not null", reason))
            continue
        room -= is_new
        fitting.append(one)
    return fitting, losses


def discard(load: Load, batch: Batch, losses: Sequence[Loss]) -> None:
    """Keep the values that do not land."""
    for start in range(0, len(losses), _LOSSES_AT_ONCE):
        some = losses[start : start + _LOSSES_AT_ONCE]
        lost = ", ".join(
            f"case when {loss.condition} then {{'name': {literal(loss.name)},"
            f" 'value': {loss.text}, 'reason': {literal(loss.reason)}}} end"
            for loss in some
        )
        any_lost = " or ".join(f"({loss.condition})" for loss in some)
        keep_discards(
            load,
            (literal(batch.table), "lost.name", "lost.value", "id", "lost.reason"),
            f"""
            (select id, file, unnest([{lost}]) as lost from {batch.rows} where {any_lost})
            where lost is not null
            """,
        )


def keep_discards(load: Load, values: tuple[str, str, str, str, str], rows: str) -> None:
    """Write and count discards.

    ``values`` is SQL over the parser's ``rows`` (what follows ``from``, with the ``file`` of each)
    for table, column, value, id of the row, and reason.
    """
    load.discards += load.warehouse.insert_parsed(
        DISCARDS,
        _DISCARD_COLUMNS,
        f"select {load.load_id}, {literal(load.source)}, {', '.join(values)}, {load.load_time}"
        f" from {rows}",
    )


def _fixed_columns(load: Load, batch: Batch) -> list[Column]:
    values = {**batch.own, "load_id": load.load_id}
    values |= {"uuid_ts": load.load_time, "loaded_at": load.load_time}
    return [Column(name, type_, values.get(name, name)) for name, type_ in fixed_types(batch.type)]


def fixed_types(type_: str) -> list[tuple[str, str]]:
    """Columns, by name and type, that tables of a type of event have whatever lands."""
    return [
        *((name, VARCHAR) for name in ("id", "anonymous_id", "user_id")),
        *((name, TIMESTAMP) for name in _TIMES),
        *((name, VARCHAR) for name in OWN_COLUMNS[type_]),
        ("load_id", BIGINT),
        ("uuid_ts", TIMESTAMP),
        ("loaded_at", TIMESTAMP),
    ]
