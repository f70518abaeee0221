"""A person of a whole project is forgotten, and does not come back with the next build."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt_project.shop import EventShop, event
from warehouse.earlier import schema_of
from warehouse.engines.duckdb import DuckDBWarehouse

SECRETS = ("ada@example.com", "+4930901820", "030 901820", "ada-tablet", "u-ada")
IDENTITY = {
    "identifiers": [
        {"type": "user_id", "unique": True, "from": ["user_id"]},
        {"type": "email", "normalize": ["trim", "lower"], "from": ["identifies.email"]},
        {
            "type": "phone",
            "normalize": ["e164"],
            "default_country_code": 49,
            "from": ["identifies.phone"],
        },
        {"type": "anonymous_id", "from": ["anonymous_id"]},
    ],
    "models": [
        {"model": "contacts", "id": "id", "identifiers": {"email": "address", "phone": "telephone"}}
    ],
}
# A contact is the user's own: weft forgets what it means, and leaves it where it stands.
CONTACTS = """
{{ config(materialized='view') }}
select '1' as id, 'bob@example.com' as address, cast(null as varchar) as telephone
union all
select '2', ' Ada@Example.com ', '0176 555' {# what a customer desk typed #}
"""

BUYERS = (
    "select profile_id from {{ ref('profiles') }} where {{ weft.performed('Order Completed') }}"
)
AUDIENCES = {
    "buyers": (BUYERS, {}),
    "held_back": (BUYERS, {"holdout": {"percent": 100}}),
    "contacted_accounts": (
        "select group_id as account_id, max(email) as written_to from {{ ref('account_members') }}"
        " inner join {{ ref('profiles') }} using (profile_id) group by group_id",
        {"key": "account_id"},
    ),
}
BUILT = [
    *("--resource-type", "model", "--select", "+profiles", "sessions"),
    *(f"+{name}" for name in AUDIENCES),
]


def events() -> Iterator[dict[str, Any]]:
    yield event("01 10:00", "identify", userId="u-ada", anonymousId="ada-tablet",
                traits={"email": "Ada@example.com", "phone": "030 901820"})  # fmt: skip
    yield event("02 10:00", userId="u-bob", anonymousId="bob-phone")
    yield event("02 11:00", "identify", userId="u-bob", traits={"email": "bob@example.com"})
    yield event("03 10:00", anonymousId="ada-tablet")
    for user in ("u-ada", "u-bob"):
        yield event("04 10:00", event="Order Completed", userId=user, properties={"revenue": 9})
    yield event("04 11:00", "group", userId="u-ada", groupId="acme")


TELLING = {
    *("web.identifies", "web.users", "web.order_completed", "analytics.profiles"),
    *("analytics.purchase_traits", "analytics.purchase_traits__order_completed__days"),
    *("analytics.profile_identities", "analytics.profile_custom_traits", "analytics.sessions"),
    *("analytics.buyers", "analytics.buyers__conditions", "analytics.contacted_accounts"),
    *("analytics.audience_memberships", "analytics.audience_holdouts"),
    *("weft_scratch_marts.t", "weft_as_of_2026_09_02.profiles"),
}
"""Some of the tables that tell of Ada before she is forgotten."""


@pytest.fixture
def shop(tmp_path: Path) -> EventShop:
    shop = EventShop(tmp_path / "shop")
    path = shop.folder / "dbt_project.yml"
    settings = yaml.safe_load(path.read_text("utf-8"))
    settings["vars"]["identity"] = IDENTITY
    path.write_text(yaml.safe_dump(settings), "utf-8")
    (shop.folder / "models" / "contacts.sql").write_text(CONTACTS)
    for name, (sql, audience) in AUDIENCES.items():
        models = shop.folder / "models" / "audiences"
        (models / f"{name}.sql").write_text(sql)
        settings = {"models": [{"name": name, "config": {"meta": {"audience": audience}}}]}
        (models / f"{name}.yml").write_text(yaml.safe_dump(settings))
    shop.load(events())
    shop.build(*BUILT)
    with DuckDBWarehouse(shop.folder / "dev.duckdb") as warehouse:
        # What `weft identity simulate` leaves behind when it is killed.
        warehouse.execute("create schema weft_scratch_marts")
        warehouse.execute("create table weft_scratch_marts.t as select 'ada@example.com' as email")
        # What `weft build --as-of 2026-09-02` keeps.
        earlier = schema_of(date(2026, 9, 2))
        warehouse.execute(f"create schema {earlier}")
        warehouse.execute(f"create table {earlier}.profiles as from analytics.profiles")
    return shop


def profiles(shop: EventShop) -> dict[str, str]:
    rows = shop.rows("select user_id, profile_id from analytics.profiles")
    return {row["user_id"]: row["profile_id"] for row in rows}


def reasons(shop: EventShop) -> list[str]:
    """Why the latest build of the trees started over, empty when it went on."""
    rows = shop.rows(
        "select reason from analytics.identity_builds where model_name = 'identity_trees'"
        " order by build desc limit 1"
    )
    return [row["reason"] for row in rows]


def ids_of(shop: EventShop, user: str) -> list[str]:
    """The profile id of a user, and the ids of their identifiers, as text."""
    rows = shop.rows(
        "select profile_id, cast(identifier_id as varchar) as identifier_id"
        " from analytics.profile_identifiers where profile_id in"
        f" (select profile_id from analytics.profiles where user_id = '{user}')"
    )
    return sorted({value for row in rows for value in row.values()})


def telling(shop: EventShop, secrets: Sequence[str]) -> dict[str, list[str]]:
    """Where any column of a table holds something of the person, as text or within one."""
    found: dict[str, list[str]] = {}
    with DuckDBWarehouse(shop.folder / "dev.duckdb") as warehouse:
        for table in warehouse.rows(
            "select schema_name as schema, table_name as name from duckdb_tables() order by all"
        ):
            rows = warehouse.rows(f'select * from "{table["schema"]}"."{table["name"]}"')
            text = str([[str(value) for value in row.values()] for row in rows]).lower()
            held = [secret for secret in secrets if secret in text]
            if held:
                found[f"{table['schema']}.{table['name']}"] = held
    return found


def test_a_person_who_is_forgotten_does_not_come_back(shop: EventShop) -> None:
    secrets = [*SECRETS, *ids_of(shop, "u-ada")]
    assert set(telling(shop, secrets)) >= TELLING
    before = profiles(shop)
    assert set(before) == {"u-ada", "u-bob"}
    finished = shop.weft("forget", "ada@example.com", "--yes")
    assert finished.exit_code == 0, finished.output + finished.errors
    assert telling(shop, secrets) == {}

    # Landed rows are gone, so identity is solved anew, once; nobody else's id changes.
    shop.build(*BUILT)
    assert reasons(shop) == ["a person was forgotten"]
    assert telling(shop, secrets) == {}
    assert profiles(shop) == {"u-bob": before["u-bob"]}

    # Neither a suppressed identifier nor another spelling of one makes them a profile again.
    shop.load(
        [
            event("04 10:00", userId="u-ada"),
            event("04 11:00", "identify", anonymousId="new", traits={"phone": "+49 30/901820"}),
        ]
    )
    shop.build(*BUILT)
    assert reasons(shop) == [""]
    assert profiles(shop) == {"u-bob": before["u-bob"]}
    assert shop.rows("select reason from weft.rejects") == [{"reason": "suppressed"}]
