"""A shop's landed tables at any size, made in DuckDB without a loader, and its dbt project."""

import json
from datetime import date, timedelta
from pathlib import Path

import duckdb

FIRST_DAY = date(2026, 3, 1)
DAYS = 120
AS_OF = FIRST_DAY + timedelta(days=DAYS - 1)
NEXT_DAY = AS_OF + timedelta(days=1)
EVENTS_PER_PROFILE = 20

_ORDER = {"event": "Order Completed"}
_VIEW = {"event": "Product Viewed"}
_ADDITION = {"event": "Product Added"}
_MAIL = {"event": "Email Opened"}
TRAITS: dict[str, dict[str, object]] = {
    "orders": {**_ORDER, "aggregate": "count"},
    "orders_30": {**_ORDER, "aggregate": "count", "window": "30 days"},
    "orders_60": {**_ORDER, "aggregate": "count", "window": "60 days"},
    "orders_in_euro": {**_ORDER, "aggregate": "count", "where": {"currency": "EUR"}},
    "bought_90": {**_ORDER, "aggregate": "exists", "window": "90 days"},
    "revenue": {**_ORDER, "aggregate": "sum", "property": "revenue"},
    "revenue_30": {**_ORDER, "aggregate": "sum", "property": "revenue", "window": "30 days"},
    "mean_order": {**_ORDER, "aggregate": "average", "property": "revenue"},
    "least_order": {**_ORDER, "aggregate": "min", "property": "revenue"},
    "greatest_order": {**_ORDER, "aggregate": "max", "property": "revenue"},
    "first_order_at": {**_ORDER, "aggregate": "min", "property": "timestamp"},
    "last_order_at": {**_ORDER, "aggregate": "max", "property": "timestamp"},
    "first_coupon": {**_ORDER, "aggregate": "first", "property": "coupon"},
    "last_coupon": {**_ORDER, "aggregate": "last", "property": "coupon"},
    "days_since_order": {**_ORDER, "aggregate": "days_since"},
    "views": {**_VIEW, "aggregate": "count"},
    "views_7": {**_VIEW, "aggregate": "count", "window": "7 days"},
    "views_30": {**_VIEW, "aggregate": "count", "window": "30 days"},
    "last_viewed": {**_VIEW, "aggregate": "last", "property": "name"},
    "last_view_at": {**_VIEW, "aggregate": "max", "property": "timestamp"},
    "categories": {**_VIEW, "aggregate": "unique_list", "property": "category"},
    "categories_30": {
        **_VIEW,
        "aggregate": "unique_count",
        "property": "category",
        "window": "30 days",
    },
    "usual_category": {**_VIEW, "aggregate": "most_frequent", "property": "category"},
    "additions_7": {**_ADDITION, "aggregate": "count", "window": "7 days"},
    "added_7": {**_ADDITION, "aggregate": "sum", "property": "price", "window": "7 days"},
    "last_added_at": {**_ADDITION, "aggregate": "max", "property": "timestamp"},
    "mails_30": {**_MAIL, "aggregate": "count", "window": "30 days"},
    "opened_ever": {**_MAIL, "aggregate": "exists"},
    "days_since_mail": {**_MAIL, "aggregate": "days_since"},
    "pages_30": {"calls": "pages", "aggregate": "count", "window": "30 days"},
}
AUDIENCES = {
    "spenders": "revenue >= 500",
    "loyal": "orders >= 3",
    "lapsed": "orders > 0 and orders_60 = 0",
    "abandoners": "additions_7 > 0 and (last_order_at is null or last_order_at < last_added_at)",
    "readers": "mails_30 >= 2",
    "lookers": "views_30 > 5 and orders = 0",
    "fans_of_one": "usual_category = 'category 3'",
    "asleep": "days_since_order > 90",
    "with_coupon": "last_coupon is not null",
    "on_plan": "plan = 'pro' and pages_30 > 0",
}

_PROJECT = """
name: shop
profile: shop
vars:
  trait_models: [shop_traits]
  custom_traits: {plan: text, city: text}
  identity:
    identifiers:
      - {type: user_id, unique: true, from: [user_id]}
      - {type: anonymous_id, from: [anonymous_id]}
models:
  shop:
    audiences:
      +materialized: audience
"""
_PROFILES = """
shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: warehouse.duckdb, schema: analytics, threads: 2}
"""

# Everybody comes a few times, and does a handful of things each time.
_EVENTS = """
    select
        number,
        'm' || number as id,
        visit % {profiles} as person,
        cast(timestamp '{first}' + to_microseconds(
            cast(hash(visit, 1) % ({days} * 86400000000) as bigint)
            + (number % 5) * 60000000
        ) as timestamp) as "timestamp",
        case
            when hash(number, 2) % 100 < 10 then 'Order Completed'
            when hash(number, 2) % 100 < 50 then 'Product Viewed'
            when hash(number, 2) % 100 < 70 then 'Product Added'
            when hash(number, 2) % 100 < 80 then 'Email Opened'
            when hash(number, 2) % 100 < 95 then 'page'
            else 'identify'
        end as name,
        case when hash(visit, 3) % 10 < 4 then 'u' || (visit % {profiles}) end as user_id,
        'a' || (visit % {profiles}) as anonymous_id,
        {load} as load_id
    from (
        select number, cast(hash(number // 5, {load}) % 1000000007 as bigint) as visit
        from range({start}, {stop}) as numbers(number)
    )
    order by "timestamp"
"""
_COMMON = 'id, anonymous_id, user_id, "timestamp", "timestamp" as received_at, load_id'
_TABLES = {
    "tracks": ("event_text, event", "name not in ('page', 'identify')"),
    "order_completed": (
        "event_text, event, (hash(number, 4) % 30000) / 100.0 as revenue,"
        " case when hash(number, 5) % 3 = 0 then 'USD' else 'EUR' end as currency,"
        " case when hash(number, 6) % 4 = 0 then 'coupon ' || (hash(number, 7) % 20) end as coupon",
        "name = 'Order Completed'",
    ),
    "product_viewed": (
        "event_text, event, 'product ' || (hash(number, 4) % 5000) as name,"
        " 'category ' || (hash(number, 5) % 12) as category",
        "name = 'Product Viewed'",
    ),
    "product_added": (
        "event_text, event, 'product ' || (hash(number, 4) % 5000) as name,"
        " (hash(number, 5) % 9000) / 100.0 as price",
        "name = 'Product Added'",
    ),
    "email_opened": ("event_text, event", "name = 'Email Opened'"),
    "pages": ("'/p/' || (hash(number, 4) % 300) as path", "name = 'page'"),
    "identifies": (
        "case hash(number, 4) % 3 when 0 then 'pro' else 'free' end as plan,"
        " 'City ' || (hash(number, 5) % 100) as city, cast(null as varchar) as null_traits",
        "name = 'identify'",
    ),
}


def make_project(folder: Path) -> None:
    """A project with 30 traits and 10 audiences, without a warehouse yet."""
    traits, audiences = folder / "models" / "traits", folder / "models" / "audiences"
    for place in (traits, audiences):
        place.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILES)
    (folder / "weft.yml").write_text("sources: {}\n")
    meta = {"meta": {"traits": TRAITS}}
    model = {"name": "shop_traits", "description": "One row per profile.", "config": meta}
    (traits / "shop_traits.yml").write_text(json.dumps({"models": [model]}))
    (traits / "shop_traits.sql").write_text(
        "{{ config(materialized='computed_traits') }}\n{{ weft.computed_traits() }}\n"
    )
    for name, condition in AUDIENCES.items():
        (audiences / f"{name}.sql").write_text(
            f"select profile_id, user_id from {{{{ ref('profiles') }}}} where {condition}\n"
        )


def land(folder: Path, rows: int, profiles: int) -> None:
    """Land a history of some events of some people, as the loader would."""
    _land(folder, 1, (0, rows), profiles, (FIRST_DAY, DAYS))


def land_next_day(folder: Path, rows: int, profiles: int) -> None:
    """Land the next day, a hundredth of the history."""
    _land(folder, 2, (rows, rows + rows // 100), profiles, (NEXT_DAY, 1))


def _land(
    folder: Path, load: int, numbers: tuple[int, int], profiles: int, time: tuple[date, int]
) -> None:
    sql = _EVENTS.format(
        load=load,
        start=numbers[0],
        stop=numbers[1],
        profiles=profiles,
        first=time[0].isoformat(),
        days=time[1],
    )
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(
            f"create temp table happened as select *, name as event_text,"
            f" replace(lower(name), ' ', '_') as event from ({sql}) as happened"
        )
        connection.execute("create schema if not exists web")
        for table, (columns, condition) in _TABLES.items():
            query = f"select {_COMMON}, {columns} from happened where {condition}"
            exists = "insert into" if load > 1 else "create table"
            connection.execute(f"{exists} web.{table} {'' if load > 1 else 'as '}{query}")
        connection.execute(
            "insert into weft.loads (load_id, source, uri, format, state)"
            f" values ({load}, 'web', 'made {load}', 'segment', 'landed')"
        )
