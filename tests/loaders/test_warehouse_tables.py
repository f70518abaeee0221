"""Tables that the warehouse already has as a source: views, and what dbt makes of them."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from loaders.naming import RUDDERSTACK, SEGMENT, Naming
from loaders.warehouse_tables import MappedTable, MappedView, map_tables
from tests.dbt_project.shop import EventShop
from tests.loaders.desk import Desk
from tests.loaders.examples import track
from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import find_project
from warehouse.runs import record_run

RAW = """
create schema raw;
create table raw.app_events (
    ingest_seq integer, ingested_at timestamptz, event_id bigint, uid varchar, device uuid,
    ts varchar, name varchar, "Order Total" decimal(9, 2)
);
insert into raw.app_events values
    (100, '2026-09-01 10:00:05+00', 1, 'u1', 'A3F0A3F0-0000-4000-8000-000000000001',
        '2026-09-01T12:00:00+02:00', 'Order Completed', 12.50),
    (101, '2026-09-01 10:01:05+00', 2, '', 'A3F0A3F0-0000-4000-8000-000000000001',
        '2026-09-01T10:01:00Z', 'HTTPServer 2Go', null)
"""
COLUMNS = {
    "id": "event_id",
    "user_id": "uid",
    "anonymous_id": "device",
    "timestamp": "ts",
    "event_text": "name",
}


def _map(
    folder: Path,
    warehouse: Warehouse,
    tables: dict[str, Any],
    source: str = "app",
    naming: Naming = SEGMENT,
) -> list[MappedView]:
    project = find_project(folder)
    with record_run(warehouse, command="load", target=project.target, as_of=project.today()) as run:
        mapped = {name: MappedTable.model_validate(one) for name, one in tables.items()}
        return map_tables(warehouse, project, source, mapped, run, naming=naming)


def _tracks(**changes: Any) -> dict[str, Any]:
    mapping = {
        "relation": "raw.app_events",
        "columns": COLUMNS,
        "load_id": "ingest_seq",
        "loaded_at": "ingested_at",
        **changes,
    }
    return {"tracks": mapping}


@pytest.fixture
def app(desk: Desk) -> Desk:
    for statement in RAW.split(";"):
        desk.warehouse.execute(statement)
    return desk


def test_a_view_has_the_landed_columns_and_types(app: Desk) -> None:
    (view,) = _map(app.folder, app.warehouse, _tracks())
    assert (view.table, view.state) == ("tracks", "created")
    rows = app.rows("select * from app.tracks order by id")
    at = datetime(2026, 9, 1, 10)
    assert rows[0] == {
        "id": "1",
        "anonymous_id": "a3f0a3f0-0000-4000-8000-000000000001",
        "user_id": "u1",
        "received_at": at,
        "sent_at": None,
        "original_timestamp": at,
        "timestamp": at,
        "uuid_ts": at.replace(second=5),
        "loaded_at": at.replace(second=5),
        "event": "order_completed",
        "event_text": "Order Completed",
        "load_id": 100,
        "order_total": rows[0]["order_total"],
    }
    assert (rows[1]["user_id"], rows[1]["event"]) == (None, "httpserver_2go")


def test_a_view_follows_the_naming_of_its_source(app: Desk) -> None:
    app.warehouse.execute(
        'alter table raw.app_events rename column "Order Total" to "_orderURLTotal"'
    )
    _map(app.folder, app.warehouse, _tracks(), naming=RUDDERSTACK)
    rows = app.rows("select event, _order_url_total as total from app.tracks order by id")
    assert [row["event"] for row in rows] == ["order_completed", "http_server_2g_o"]
    assert str(rows[0]["total"]) == "12.50"
    server = {"http_server_2g_o": _tracks()["tracks"]}
    (view, _) = _map(app.folder, app.warehouse, server, naming=RUDDERSTACK)
    assert (view.table, view.state) == ("http_server_2g_o", "created")


def test_a_view_does_not_depend_on_the_zone_of_who_reads_it(app: Desk) -> None:
    _map(app.folder, app.warehouse, _tracks())
    before = app.rows("select timestamp, loaded_at from app.tracks")
    app.warehouse.execute("set TimeZone = 'America/New_York'")
    assert app.rows("select timestamp, loaded_at from app.tracks") == before


@pytest.mark.every_engine
def test_a_view_shows_new_rows_and_is_made_again_only_when_it_changes(app: Desk) -> None:
    def states(tables: dict[str, Any]) -> list[tuple[str, str]]:
        return [(one.table, one.state) for one in _map(app.folder, app.warehouse, tables)]

    assert states(_tracks()) == [("tracks", "created")]
    app.warehouse.execute("insert into raw.app_events (ingest_seq, event_id) values (102, 3)")
    assert app.values("select count(*) from app.tracks") == [3]
    assert states(_tracks()) == [("tracks", "unchanged")]
    app.warehouse.execute("alter table raw.app_events add column plan varchar")
    assert states(_tracks()) == [("tracks", "created")]
    assert app.values("select distinct plan from app.tracks") == [None]
    app.warehouse.execute("create view raw.seen as select id, plan from app.tracks")
    app.warehouse.execute("create view raw.counted as select count(*) as seen from raw.seen")
    app.warehouse.execute("alter table raw.app_events add column price double")
    assert states(_tracks()) == [("tracks", "created")]
    assert app.values("select seen from raw.counted") == [3]
    completed = {"order_completed": _tracks()["tracks"]}
    assert states(completed) == [("order_completed", "created"), ("tracks", "removed")]
    assert app.values("select count(*) from weft.loads where state = 'landed'") == [1]


@pytest.mark.every_engine
def test_a_mapped_name_is_as_long_as_the_engine_has_names(app: Desk) -> None:
    name = "a_" * 49 + "name"
    mapped = {name: _tracks(columns={**COLUMNS, name: "Order Total"})["tracks"]}
    (view,) = _map(app.folder, app.warehouse, mapped)
    place = name[: app.warehouse.limits.name]
    assert view.table == place
    assert str(app.values(f"select {place} from app.{place} order by id")[0]) == "12.50"
    assert [view.state for view in _map(app.folder, app.warehouse, mapped)] == ["unchanged"]


WRONG = [
    (_tracks(relation="raw.app_event"), "did you mean 'raw.app_events'"),
    (_tracks(load_id="ingest_sec"), "did you mean 'ingest_seq'"),
    (_tracks(columns={**COLUMNS, "user_id": "udi"}), "did you mean 'uid'"),
]


@pytest.mark.parametrize(("tables", "advice"), WRONG)
def test_a_name_that_is_not_there_is_an_error(
    app: Desk, tables: dict[str, Any], advice: str
) -> None:
    with pytest.raises(UnknownNameError, match=advice):
        _map(app.folder, app.warehouse, tables)


LACKING = [
    (_tracks(columns={"id": "event_id"}), "lacks timestamp, user_id or anonymous_id, event_text"),
    (_tracks(columns={**COLUMNS, "User": "uid"}), "'User' is no column"),
    ({"users": _tracks()["tracks"]}, "'users' is no table of events"),
    ({"aliases": _tracks()["tracks"]}, "lacks previous_id"),
]


@pytest.mark.parametrize(("tables", "message"), LACKING)
def test_a_mapping_that_is_not_enough_is_an_error(
    app: Desk, tables: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _map(app.folder, app.warehouse, tables)


def test_a_view_never_takes_the_place_of_landed_rows(app: Desk) -> None:
    app.land(track())
    with pytest.raises(ConfigurationError, match="has landed .* from files"):
        _map(app.folder, app.warehouse, _tracks(), source="web")
    assert app.values("select count(*) from web.tracks") == [1]


def test_dbt_reads_the_rows_of_views(tmp_path: Path) -> None:
    shop = EventShop(tmp_path / "shop")
    with find_project(shop.folder).open() as warehouse:
        for statement in RAW.split(";"):
            warehouse.execute(statement)
        completed = {"order_completed": _tracks()["tracks"]}
        _map(shop.folder, warehouse, {**_tracks(), **completed})
    shop.build("--select", "+profiles", "event_identifiers", "--resource-type", "model")
    identifiers = shop.rows(
        "select distinct identifier_type, identifier_value from analytics.event_identifiers"
        " order by all"
    )
    assert [row["identifier_value"] for row in identifiers] == [
        "a3f0a3f0-0000-4000-8000-000000000001",
        "u1",
    ]
    profiles = shop.rows("select count(*) as profiles from analytics.profiles")
    assert profiles == [{"profiles": 1}]
    events = shop.rows("select source, event_name from analytics.events order by event_id")
    assert [row["event_name"] for row in events] == ["Order Completed", "HTTPServer 2Go"]


def test_the_tables_of_the_page_on_loading_are_mapped(app: Desk) -> None:
    page = (Path(__file__).parents[2] / "docs" / "loading.md").read_text("utf-8")
    (block,) = (
        one for one in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "tables:" in one
    )
    app.warehouse.execute("create table raw.orders as from raw.app_events")
    app.warehouse.execute('alter table raw.orders rename column "Order Total" to amount')
    views = _map(app.folder, app.warehouse, yaml.safe_load(block)["sources"]["app"]["tables"])
    assert [view.table for view in views] == ["tracks", "order_completed"]
    rows = app.rows("select event, event_text, revenue from app.order_completed order by id")
    assert {row["event"] for row in rows} == {"order_completed"}
    assert str(rows[0]["revenue"]) == "12.50"
