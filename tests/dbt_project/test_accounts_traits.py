"""Traits and audiences of accounts: what the members of one did together."""

from typing import Any

import pytest

from tests.dbt_project.shop import Event, event
from tests.dbt_project.test_audiences_memberships import configure
from tests.dbt_project.trait_shop import Definitions, TraitShop

BOUGHT = {"event": "Bought"}
TRAITS: Definitions = {
    "orders": {**BOUGHT, "aggregate": "count"},
    "spent": {**BOUGHT, "aggregate": "sum", "property": "price"},
    "spent_lately": {**BOUGHT, "aggregate": "sum", "property": "price", "window": "3 days"},
    "sizes": {**BOUGHT, "aggregate": "unique_list", "property": "size"},
    "last_size": {**BOUGHT, "aggregate": "last", "property": "size"},
    "since": {**BOUGHT, "aggregate": "days_since"},
    "looked": {"event": "Looked", "aggregate": "exists", "window": "12 hours"},
}
KEPT = "{{ config(materialized='computed_traits') }}\n{{ weft.computed_traits(of='accounts') }}\n"
STATELESS = "{{ config(materialized='table') }}\n{{ weft.computed_traits(of='accounts') }}\n"
AUDIENCES = {
    "busy": "{{ weft.performed('Bought', at_least=3, of='group_id') }}",
    "busy_lately": "{{ weft.performed('Bought', within='2 days', of='group_id') }}",
    "shy": "{{ weft.not_performed('Bought', of='group_id') }}",
    # One member looks, another buys: the account went all the way.
    "went_on": "{{ weft.funnel(['Looked', 'Bought'], within='1 day', of='group_id') }}",
    "biggest": "{{ weft.top_n(1, by='spent', of='group_id') }}",
    "both": "{{ weft.in_audience('busy', of='group_id') }}"
    " and {{ weft.in_audience('biggest', of='group_id') }}",
}
MODELS = ("account_profiles", "stateless_deals", "path:models/audiences")


def bought(at: str, who: str, price: float, size: str) -> Event:
    return event(at, event="Bought", userId=who, properties={"price": price, "size": size})


def joined(at: str, who: str, account: str) -> Event:
    return event(at, "group", userId=who, groupId=account)


FIRST = [
    *(joined("01 09:00", who, "acme") for who in ("ann", "bob")),
    joined("01 09:00", "cid", "hal"),
    joined("01 09:00", "dan", "idle"),
    bought("05 10:00", "ann", 10, "M"),
    event("06 09:00", event="Looked", userId="ann"),
    bought("06 10:00", "bob", 2.5, "L"),
    bought("09 10:00", "bob", 1, "M"),
    bought("07 10:00", "cid", 100, "S"),
    # Nobody's account.
    bought("07 10:00", "eve", 1000, "XL"),
]
NEXT = [
    # A late event, and somebody whose past comes with him to a second account.
    bought("04 10:00", "ann", 0.5, "XS"),
    joined("11 09:00", "cid", "acme"),
    event("11 10:00", event="Looked", userId="dan"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> TraitShop:
    shop = TraitShop(tmp_path_factory.mktemp("accounts") / "shop")
    shop.define("deals", TRAITS, KEPT)
    shop.define("stateless_deals", TRAITS, STATELESS)
    shop.configure("trait_models: []", "trait_models: []\n  account_trait_models: [deals]")
    for name, condition in AUDIENCES.items():
        (shop.folder / "models" / "audiences" / f"{name}.sql").write_text(
            "select group_id as account_id, spent from {{ ref('account_profiles') }}"
            f" where {condition}\n"
        )
        configure(shop, name, key="account_id")
    shop.load(FIRST)
    shop.build_for(*MODELS, as_of="2026-09-10")
    return shop


def deals(shop: TraitShop, table: str = "deals") -> dict[str, dict[str, Any]]:
    rows = shop.rows(f"select * from analytics.{table} order by group_id")
    return {row.pop("group_id"): row for row in rows}


def members(shop: TraitShop, audience: str) -> list[str]:
    rows = shop.rows(f"select account_id from analytics.{audience} order by account_id")
    return [row["account_id"] for row in rows]


def test_an_account_has_done_what_its_members_have(shop: TraitShop) -> None:
    found = {name: tuple(map(str, row.values())) for name, row in deals(shop).items()}
    assert found == {
        "acme": ("3", "13.500000000", "1.000000000", "['L', 'M']", "M", "1", "False"),
        "hal": ("1", "100.000000000", "None", "['S']", "S", "3", "False"),
        "idle": ("0", "None", "None", "None", "None", "None", "False"),
    }
    assert deals(shop) == deals(shop, "stateless_deals")
    [acme] = shop.rows("select * from analytics.account_profiles where group_id = 'acme'")
    assert (acme["orders"], acme["count_members"]) == (3, 2)


@pytest.mark.parametrize(
    ("audience", "accounts"),
    [
        ("busy", ["acme"]),
        ("busy_lately", ["acme"]),
        ("shy", ["idle"]),
        ("went_on", ["acme"]),
        ("biggest", ["hal"]),
        ("both", []),
    ],
)
def test_a_condition_is_of_what_the_members_did(
    shop: TraitShop, audience: str, accounts: list[str]
) -> None:
    assert members(shop, audience) == accounts


def test_a_new_member_brings_along_what_happened_before(shop: TraitShop) -> None:
    shop.load(NEXT)
    shop.build_for(*MODELS, as_of="2026-09-11")
    found = {
        name: (row["orders"], row["since"], row["looked"]) for name, row in deals(shop).items()
    }
    assert found == {"acme": (5, 2, False), "hal": (1, 4, False), "idle": (0, None, False)}
    assert not shop.last_build("deals")["is_full"]
    assert deals(shop) == deals(shop, "stateless_deals")
    assert members(shop, "both") == ["acme"]
    [change] = shop.rows(
        "select change, reason from analytics.audience_memberships"
        " where audience = 'both' and account_id = 'acme'"
    )
    assert tuple(change.values()) == ("entered", '+ in_audience("biggest")')
