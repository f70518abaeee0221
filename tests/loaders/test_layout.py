"""SQL that people wrote for Segment's layout runs on the landed sample shop as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loaders.desk import Desk

SAMPLE_DATA = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("layout") / "shop")
    for file in sorted(SAMPLE_DATA.glob("*_day/*.ndjson.gz")):
        desk.write_bytes(b"", f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
    desk.load()
    # Whoever writes for this layout names its tables bare, with the schema as a setting.
    desk.warehouse.execute("use web")
    yield desk
    desk.warehouse.close()


PAGE_VIEWS = """
select
    id as page_view_id,
    anonymous_id,
    user_id,
    received_at as received_at_tstamp,
    sent_at as sent_at_tstamp,
    timestamp as derived_tstamp,
    url as page_url,
    regexp_extract(url, '^https?://([^/]+)', 1) as page_url_host,
    path as page_url_path,
    title as page_title,
    search as page_url_query,
    referrer,
    regexp_extract(referrer, '^https?://([^/]+)', 1) as referrer_host,
    context_campaign_source as utm_source,
    context_campaign_medium as utm_medium,
    context_campaign_name as utm_campaign,
    context_ip as ip,
    context_user_agent as user_agent,
    context_page_url,
    context_page_path,
    context_page_title,
    context_page_search,
    context_page_referrer,
    case when context_user_agent like '%iPhone%' then 'iPhone' else 'other' end as device
from pages
"""


def test_page_views(shop: Desk) -> None:
    (row,) = shop.rows(f"""
        select
            count(*) as views,
            count(distinct page_view_id) as ids,
            count(anonymous_id) as with_visitor,
            count(received_at_tstamp) as received,
            count(derived_tstamp) as derived,
            count_if(page_url_host <> 'threadwork.example') as elsewhere,
            count_if(
                page_url <> context_page_url or page_url_path <> context_page_path
            ) as differing,
            count(utm_source) as with_campaign,
            count_if(page_url_query like '%utm_source%') as with_utm,
            count(user_agent) as with_agent
        from ({PAGE_VIEWS})
    """)
    views = row["views"]
    assert views > 5_000
    assert {row[name] for name in ("ids", "with_visitor", "received", "derived")} == {views}
    assert (row["elsewhere"], row["differing"]) == (0, 0)
    assert row["with_campaign"] >= row["with_utm"] > 0
    assert row["with_agent"] == views


SESSIONS = f"""
with page_views as ({PAGE_VIEWS}),
numbered as (
    select
        *,
        row_number() over (partition by anonymous_id order by received_at_tstamp) as view_number,
        lag(received_at_tstamp) over (
            partition by anonymous_id order by received_at_tstamp
        ) as previous_tstamp
    from page_views
),
marked as (
    select
        *,
        case
            when previous_tstamp is null
                or received_at_tstamp - previous_tstamp > interval '30 minutes' then 1
            else 0
        end as is_new_session
    from numbered
),
placed as (
    select
        *,
        sum(is_new_session) over (
            partition by anonymous_id order by view_number rows unbounded preceding
        ) as session_number
    from marked
)
select
    md5(anonymous_id || '-' || session_number) as session_id,
    anonymous_id,
    session_number,
    min(received_at_tstamp) as session_start_tstamp,
    max(received_at_tstamp) as session_end_tstamp,
    count(*) as page_views,
    min_by(page_url_path, view_number) as first_page_url_path,
    max_by(page_url_path, view_number) as last_page_url_path,
    min_by(utm_source, view_number) as utm_source
from placed
group by anonymous_id, session_number
"""


def test_sessions_over_received_at(shop: Desk) -> None:
    (row,) = shop.rows(f"""
        select
            count(*) as sessions,
            count(distinct session_id) as ids,
            count(distinct anonymous_id) as visitors,
            sum(page_views)::int as page_views,
            count_if(session_end_tstamp < session_start_tstamp) as backwards
        from ({SESSIONS})
    """)
    assert row["sessions"] == row["ids"] > row["visitors"] > 0
    assert row["page_views"] == shop.values("select count(*) from pages")[0]
    assert row["backwards"] == 0


def test_sessions_of_people_who_said_who_they_are(shop: Desk) -> None:
    stitched = shop.rows(f"""
        with sessions as ({SESSIONS}),
        mapping as (
            select distinct
                anonymous_id,
                last_value(user_id) over (
                    partition by anonymous_id order by received_at
                    rows between unbounded preceding and unbounded following
                ) as user_id
            from identifies
            where user_id is not null and anonymous_id is not null
        )
        select coalesce(mapping.user_id, sessions.anonymous_id) as blended_user_id, count(*)
        from sessions left join mapping using (anonymous_id)
        group by blended_user_id
    """)
    visitors = shop.values("select count(distinct anonymous_id) from pages")[0]
    assert 0 < len(stitched) <= visitors


EVENTS = [
    "order_completed",
    "product_viewed",
    "signed_up",
    "cart_viewed",
]


@pytest.mark.parametrize("event", EVENTS)
def test_tracks_join_the_table_of_their_event_on_id(shop: Desk, event: str) -> None:
    (row,) = shop.rows(f"""
        select
            count(*) as joined,
            count_if(tracks.event_text <> own.event_text) as other_text,
            count_if(tracks.received_at <> own.received_at) as other_time
        from tracks join {event} as own on tracks.id = own.id
        where tracks.event = '{event}'
    """)
    own = shop.values(f"select count(*) from {event}")[0]
    tracked = shop.values(f"select count(*) from tracks where event = '{event}'")[0]
    assert row == {"joined": own, "other_text": 0, "other_time": 0}
    assert own == tracked > 0


def test_orders_of_users(shop: Desk) -> None:
    rows = shop.rows("""
        select users.id, users.email, users.created_at, count(*) as orders, sum(total) as revenue
        from order_completed join users on order_completed.user_id = users.id
        group by all
        order by revenue desc
    """)
    assert rows
    assert all(row["revenue"] > 0 for row in rows)


TIMES = ("received_at", "sent_at", "original_timestamp", "timestamp", "uuid_ts", "loaded_at")
COMMON: dict[str, str] = {
    "id": "VARCHAR",
    "anonymous_id": "VARCHAR",
    "user_id": "VARCHAR",
    **dict.fromkeys(TIMES, "TIMESTAMP"),
}
OWN: dict[str, dict[str, Any]] = {
    "tracks": {"event": "VARCHAR", "event_text": "VARCHAR"},
    "order_completed": {"event": "VARCHAR", "event_text": "VARCHAR", "revenue": "DOUBLE"},
    "identifies": {"email": "VARCHAR", "first_name": "VARCHAR"},
    "pages": {"name": "VARCHAR", "category": "VARCHAR", "url": "VARCHAR"},
    "screens": {"name": "VARCHAR"},
    "groups": {"group_id": "VARCHAR", "name": "VARCHAR"},
    "aliases": {"previous_id": "VARCHAR"},
}


@pytest.mark.parametrize("table", OWN)
def test_every_table_has_the_columns_of_the_layout(shop: Desk, table: str) -> None:
    expected = COMMON | OWN[table]
    types = shop.types(table)
    assert {name: types.get(name) for name in expected} == expected
    assert shop.values(f"select count(*) from {table} where id is null or received_at is null") == [
        0
    ]


def test_the_queries_of_the_page_on_loading_run(shop: Desk) -> None:
    page = (SAMPLE_DATA.parent / "docs" / "loading.md").read_text("utf-8")
    queries = [
        statement.strip()
        for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
        for statement in block.split(";")
        if statement.strip()
    ]
    assert len(queries) == 4
    for query in queries:
        shop.warehouse.execute(query)
