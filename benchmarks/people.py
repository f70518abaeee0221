"""Made-up people as landed calls: who they are is decided by links, some of which arrive late."""

from pathlib import Path

import duckdb

from benchmarks.measure import connect

LATE_PERCENT = 5
NEW_LINKS = 28_000
_DAYS = 200

_PEOPLE = """
with

people as (

    select
        range as person,
        (hash(range, 1) % 1000000) / 1e6 as a,
        (hash(range, 2) % 1000000) / 1e6 as b
    from range({people})

),

emails as (

    select person, unnest(range(case when a < 0.7 then 1 when a < 0.95 then 2 else 3 end)) as number
    from people

),

-- 3.2 on average, as many as 40.
browsers as (

    select person, unnest(range(least(40, floor(ln(1 - b * 0.999999) / ln(0.762))::int))) as number
    from people

),

calls as (

    select
        'user-' || person as user_id,
        null as anonymous_id,
        'person' || person || '.' || number || '@example.com' as email,
        person, number, 1 as kind
    from emails
    union all
    -- Of the browsers 43 in 100 never sign in: an address is all that links them. 3 in 1000 are
    -- shared.
    select
        case when hash(person, number, 5) % 1000 < 570 then 'user-' || case
            when hash(person, number, 9) % 1000 < 3 then (person * 7 + number) % {people}
            else person
        end end,
        md5('browser' || person || '-' || number)::uuid::varchar,
        case
            when hash(person, number, 5) % 1000 >= 570 then 'Person' || person || '.0@example.com'
        end,
        person, number, 2
    from browsers

)

select
    md5('call' || kind || person || '-' || number)::uuid::varchar as id,
    user_id,
    anonymous_id,
    email as context_traits_email,
    timestamp '2026-01-01' + to_seconds((hash(person, number, kind) % (86400 * {days}))::int)
        as "timestamp",
    'Product Viewed' as event_text,
    1::bigint as load_id
from calls
"""

# New browsers of people who are there, and a few new people; one in twenty was seen long before.
_NEWS = """
select
    md5(id || ' again')::uuid::varchar as id,
    user_id,
    md5(id || ' new')::uuid::varchar as anonymous_id,
    context_traits_email,
    "timestamp" + case
        when hash(id, 3) % 100 < {late} then interval '-{days} days' else interval '{days} days'
    end as "timestamp",
    event_text,
    2::bigint as load_id
from web.tracks
order by hash(id, 7), id
limit {links}
"""


def land_people(path: Path, people: int) -> int:
    """Land the calls of some people into a new database; how many calls they are."""
    with connect(path) as connection:
        connection.execute("create schema web; create schema weft")
        connection.execute(
            "create table weft.loads as select 1::bigint as load_id, 'web' as source,"
            " 'ndjson' as format, 'landed' as state"
        )
        _land(connection, "create table web.tracks as", _PEOPLE.format(people=people, days=_DAYS))
        return int(connection.execute("select count(*) from web.tracks").fetchall()[0][0])


def land_news(path: Path) -> None:
    """Land a second load, of 28,000 new links."""
    with connect(path) as connection:
        news = _NEWS.format(late=LATE_PERCENT, days=_DAYS, links=NEW_LINKS)
        _land(connection, "insert into web.tracks", news)
        connection.execute("insert into weft.loads values (2, 'web', 'ndjson', 'landed')")


def land_path(path: Path, length: int) -> None:
    """Land a chain of anonymous ids into a new database, each aliased to the next in turn."""
    land_people(path, 0)
    with connect(path) as connection:
        connection.execute("alter table web.tracks add column previous_id varchar")
        connection.execute(
            "insert into web.tracks by name select 'call-' || range as id,"
            " 'visitor-' || range as previous_id, 'visitor-' || (range + 1) as anonymous_id,"
            " timestamp '2026-01-01' + to_seconds(range) as \"timestamp\","
            " timestamp '2026-01-01' + to_seconds(range) as received_at, 1::bigint as load_id"
            " from range(?)",
            [length],
        )


def land_star(path: Path, leaves: int) -> None:
    """Land one address on as many browsers into a new database."""
    land_people(path, 0)
    with connect(path) as connection:
        connection.execute(
            "insert into web.tracks by name select 'call-' || range as id,"
            " 'visitor-' || range as anonymous_id, 'office@example.com' as context_traits_email,"
            " timestamp '2026-01-01' + to_seconds(range) as \"timestamp\","
            " timestamp '2026-01-01' + to_seconds(range) as received_at, 1::bigint as load_id"
            " from range(?)",
            [leaves],
        )


def _land(connection: duckdb.DuckDBPyConnection, into: str, query: str) -> None:
    connection.execute(
        f'{into} select * exclude ("timestamp"), "timestamp",'
        f' "timestamp" + interval 5 second as received_at from ({query})'
        if into.startswith("create")
        else f'{into} by name select *, "timestamp" + interval 5 second as received_at'
        f" from ({query})"
    )
