"""An audience's SQL is checked before it runs; what is wrong is named with file and line."""

from collections.abc import Mapping

import pytest

from explore.audiences.lines import source_line
from explore.audiences.sql_check import Source, check_sql
from warehouse.engines import Table
from warehouse.errors import ConfigurationError

TABLES = {
    Table("analytics", "profiles"): ["profile_id", "email", "orders_count", "last_order_at"],
    Table("analytics", "sessions"): ["profile_id", "started_at", "pages"],
}


def columns_of(table: Table) -> Mapping[str, str]:
    return dict.fromkeys(TABLES.get(table, ()), "VARCHAR")


def check(sql: str, key: str = "profile_id") -> None:
    check_sql(
        sql, Source("a", "models/a.sql", sql), key=key, dialect="duckdb", columns_of=columns_of
    )


FINE = [
    "select profile_id from analytics.profiles",
    "select * from analytics.profiles where orders_count > 1 order by EMAIL",
    'select p.* from "dev"."analytics"."profiles" as p where p."Email" is not null',
    "with a as (select * from analytics.profiles) select profile_id, email from a",
    "select profile_id, count(*) as n from analytics.sessions group by profile_id having n > 1",
    "select profile_id from analytics.profiles where profile_id in"
    " (select profile_id from analytics.sessions where pages > orders_count)",
    "select profile_id from analytics.profiles union all select profile_id from analytics.sessions",
    # What cannot be known is left to the engine.
    "select md5(cast(i as text)) as profile_id from range(5) as numbers (i)",
    "select anything as profile_id, more from other.unknown_table",
    "select profile_id, unnest([1, 2]) as n from analytics.profiles",
    "select * exclude (email) from analytics.profiles",
    "select p.profile_id from analytics.profiles as p, lateral (select orders_count + 1 as n) as l",
    "select profile_id from analytics.profiles where list_filter([1, 2], x -> x > 1) is not null",
    "select profile_id, email as address, address || 'x' as longer from analytics.profiles",
    "select profile_id from analytics.profiles qualify row_number() over (order by email) < 5",
]


@pytest.mark.parametrize("sql", FINE)
def test_what_is_right_passes(sql: str) -> None:
    check(sql)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select profile_id\nfrom analytics.profiles\nwhere emial = 'x'", "models/a.sql:3"),
        ("select profile_id\nfrom analytics.profiles\nwhere emial = 'x'", "did you mean 'email'"),
        ("select p.profile_id,\n  p.pages from analytics.profiles as p", "models/a.sql:2"),
        ("with a as (select email from analytics.profiles)\nselect profile_id from a", ":2"),
        ("select * from analytics.profiles where exists (select 1\nfrom analytics.sessions"
         " where paegs > 1)", "'paegs' in models/a.sql:2"),
        ("select email from analytics.profiles", "does not return profile_id; it returns: email"),
        ("select profile_id from analytics.profiles\nwhere last_order_at > now()", ":2: now is"),
        ("select profile_id from analytics.profiles\nwhere x > 1 and\n current_date > y", ":3"),
        ("select profile_id from analytics.profiles where last_order_at > current_timestamp",
         "use {{ weft.as_of() }}"),
        ("select profile_id\nfrom analytics.profiles\nwhere (a = 1", ":3: near"),
        ("create table x (y int)", "an audience is a select"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_line(sql: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(sql)
    assert says in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_an_audience_of_accounts_returns_its_own_key() -> None:
    with pytest.raises(ConfigurationError, match="does not return account_id"):
        check("select profile_id from analytics.profiles", key="account_id")


WRITTEN = """{{ config(tags=['x']) }}
select profile_id
from {{ ref('profiles') }}
where {{ weft.performed('Bought') }}
    and emial is not null
    and {{ weft.performed('Seen', where={'emial': 1}) }}"""
COMPILED = """
select profile_id
from "dev"."analytics"."profiles"
where profile_id in (
    select profile_id
    from landed
)
    and emial is not null
    and profile_id in (
        select wrong
    )"""


def test_a_line_that_dbt_left_alone_is_found_exactly() -> None:
    assert source_line(WRITTEN, COMPILED, "emial", 8) == 5


def test_a_line_that_a_macro_wrote_is_where_the_macro_is_called() -> None:
    assert source_line(WRITTEN, COMPILED, "wrong", 10) == 6
    assert source_line(WRITTEN, COMPILED, "landed", 6) == 4


def test_a_file_without_lines_has_a_first_one() -> None:
    assert source_line("", "select 1", "x", 1) == 1
