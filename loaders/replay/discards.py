"""``weft load --replay-discards``: values that their column can hold by now go into their row."""

from collections.abc import Sequence

from loaders.catalog import Catalog, stored_type
from loaders.columns import Column
from loaders.entities import ACCOUNTS, USERS, Entity
from loaders.replay.report import Replayed, ReplayReport
from loaders.sources import choose_sources, read_sources
from warehouse.engines import Table, Warehouse, quote
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import DISCARDS, SCHEMA

_STAGED = Table(SCHEMA, "replayed_values")
_VALUES = "weft_discarded"
_ENTITIES = {entity.events: entity for entity in (USERS, ACCOUNTS)}
_REPLAYABLE = "reason like 'does not fit %'"
"""Other reasons say that the column belongs to another value."""


def replay_discards(
    warehouse: Warehouse, project: Project, sources: Sequence[str], run: Run
) -> ReplayReport:
    """Put discarded values into their landed rows where the column can hold them now.

    A value that has landed is never overwritten. A value that lands leaves ``weft.discards``, and
    ``users`` and ``accounts`` show it where it is the latest. Each source is one transaction.

    Raises UnknownNameError for a source that does not exist.
    """
    report = ReplayReport()
    for name in choose_sources(read_sources(project), sources):
        with warehouse.transaction():
            report.sources[name] = _replay(warehouse, name)
    run.figures["replayed_values"] = report.total.landed
    return report


def _replay(warehouse: Warehouse, source: str) -> Replayed:
    places = warehouse.rows(
        f"select table_name, column_name, count(*) as discards from {DISCARDS}"
        f" where source = ? and {_REPLAYABLE} group by table_name, column_name"
        " order by table_name, column_name",
        [source],
    )
    catalog = Catalog(warehouse, source)
    figures = Replayed()
    for place in places:
        table, column = place["table_name"], place["column_name"]
        figures.tried += place["discards"]
        type_ = catalog.columns(table).get(column)
        if type_ is not None and _entity_agrees(catalog, table, column, type_):
            figures.landed += _replay_column(warehouse, Table(source, table), column, type_)
    figures.remaining = figures.tried - figures.landed
    return figures


def _entity_agrees(catalog: Catalog, table: str, column: str, type_: str) -> bool:
    """Whether ``users`` or ``accounts`` could show a value of this column, if they have to."""
    entity = _ENTITIES.get(table)
    return entity is None or catalog.columns(entity.name).get(column, type_) == type_


def _replay_column(warehouse: Warehouse, table: Table, column: str, type_: str) -> int:
    """Values of one column: those that fit and have an empty place; how many they are."""
    name = quote(column)
    discarded = warehouse.arrow(
        f"select load_id, row_id, column_value from {DISCARDS}"
        f" where source = ? and table_name = ? and column_name = ? and {_REPLAYABLE}",
        [table.schema, table.name, column],
    )
    warehouse.execute(
        f"create table {_STAGED} (id varchar, text varchar, value {stored_type(type_)})"
    )
    warehouse.parser.register(_VALUES, discarded)
    try:
        warehouse.insert_parsed(_STAGED, ["id", "text", "value"], _fitting_sql(column, type_))
    finally:
        warehouse.parser.unregister(_VALUES)
    warehouse.execute(
        f"delete from {_STAGED} as staged where not exists"
        f" (select 1 from {table} as landed where landed.id = staged.id and landed.{name} is null)"
    )
    landed = warehouse.execute(
        f"update {table} set {name} = staged.value from {_STAGED} as staged"
        f" where {table}.id = staged.id"
    )
    warehouse.execute(
        f"""
        delete from {DISCARDS}
        where source = ? and table_name = ? and column_name = ? and {_REPLAYABLE} and exists (
            select 1 from {_STAGED} as staged
            where staged.id = {DISCARDS}.row_id and staged.text = {DISCARDS}.column_value
        )
        """,
        [table.schema, table.name, column],
    )
    if landed and table.name in _ENTITIES:
        _refresh(warehouse, table, _ENTITIES[table.name], name)
    warehouse.execute(f"drop table {_STAGED}")
    return landed


def _fitting_sql(column: str, type_: str) -> str:
    """The values that the column can hold, the first one of a row."""
    typed = Column(column, type_, "column_value", misfits=1)
    return f"""
        with ranked as (
            select
                row_id,
                column_value,
                row_number() over (partition by row_id order by load_id, column_value) as place
            from {_VALUES}
            where not ({typed.is_misfit})
        )
        select row_id, column_value, {typed.value} from ranked where place = 1
    """


def _refresh(warehouse: Warehouse, events: Table, entity: Entity, name: str) -> None:
    """Bring one column of the entities whose events got a value to its latest."""
    latest = Table(events.schema, entity.name)
    if name not in map(quote, warehouse.columns(latest)):
        return
    warehouse.execute(f"""
        update {latest} set {name} = ranked.value
        from (
            select
                {entity.key} as entity_id,
                {name} as value,
                row_number() over (
                    partition by {entity.key} order by received_at desc, id desc
                ) as place
            from {events}
            where {name} is not null and {entity.key} in (
                select {entity.key} from {events} where id in (select id from {_STAGED})
            )
        ) as ranked
        where ranked.place = 1 and {latest}.id = ranked.entity_id
    """)
