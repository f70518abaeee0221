"""What is wrong with an audience is one sentence with its file, and nothing is written."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.dbt_project.shop import EventShop
from tests.dbt_project.test_audiences_memberships import configure, make_shop

TEN = "select md5(cast(i as text)) as profile_id from range(10) as numbers (i)"
NULL = "cast(null as text) as profile_id"


@dataclass(frozen=True)
class Fault:
    """An audience that was right once, and what is wrong with it now."""

    name: str
    settings: dict[str, Any]
    says: str
    sql: str = TEN


FAULTS = (
    Fault("too_many_held", {"holdout": {"percent": 101}}, "must be a number from 0 to 100"),
    Fault("no_such_share", {"holdout": {"percentage": 5}}, "no setting 'percentage'"),
    Fault("no_such_setting", {"hold_out": {}}, "no setting 'hold_out'"),
    Fault("no_such_key", {"key": "email"}, "`key` must be profile_id or account_id, not 'email'"),
    Fault("key_not_there", {"key": "account_id"}, "does not return account_id"),
    Fault("no_list", {"priority": {"position": 1}}, "needs the name of a `list`"),
    Fault(
        "not_after",
        {"priority": {"list": "all", "position": 2}},
        "-- depends_on: {{ ref('other') }}",
    ),
    Fault("same_place", {"priority": {"list": "all", "position": 1}}, "other has position 1"),
    Fault("no_number", {"alert": {"min": "ten"}}, "`min` of alert must be a number"),
    Fault("too_few", {"alert": {"min": 11, "stop": True}}, "has 10 members, below 11"),
    Fault("of_nobody", {}, "returns rows without a profile_id.", f"{TEN} union all select {NULL}"),
    Fault(
        "doubled",
        {},
        "returns 20 rows for 10 profiles; it must return each profile once.",
        f"{TEN} union all {TEN}",
    ),
    Fault(
        "doubled_and_held_out",
        {"holdout": {"percent": 50}},
        "returns 20 rows for 10 profiles; it must return each profile once.",
        f"{TEN} union all {TEN}",
    ),
    Fault(
        "doubled_account",
        {"key": "account_id"},
        "returns 2 rows for 1 accounts; it must return each account once.",
        "select 'acme' as account_id union all select 'acme'",
    ),
)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], EventShop]:
    """What a build says of each audience, all of which were right in the build before."""
    names = [fault.name for fault in FAULTS]
    shop = make_shop(
        tmp_path_factory.mktemp("faulty") / "shop", other=TEN, **dict.fromkeys(names, TEN)
    )
    models = (
        "path:models/audiences",
        "audience_memberships",
        "audience_holdouts",
        "audience_events",
    )
    shop.build("--exclude-resource-type", "test", "--select", *models)
    configure(shop, "other", priority={"list": "all", "position": 1})
    for fault in FAULTS:
        configure(shop, fault.name, **fault.settings)
        (shop.folder / "models" / "audiences" / f"{fault.name}.sql").write_text(fault.sql)
    finished = shop.weft("build", "--as-of", "2026-09-29", "--select", *names, "--json")
    assert finished.exit_code == 1
    failures = json.loads(finished.output)["failures"]
    return {failure["name"]: failure["message"] for failure in failures}, shop


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_with_its_file_and_changes_nothing(
    faulty: tuple[dict[str, str], EventShop], fault: Fault
) -> None:
    messages, shop = faulty
    assert f"Audience {fault.name} (models/audiences/{fault.name}.sql)" in messages[fault.name]
    assert fault.says in messages[fault.name]
    [left] = shop.rows(
        f"select (select count(*) from analytics.{fault.name}) as members, count(*) as entered,"
        " count(case when change = 'exited' then 1 end) as exited"
        f" from analytics.audience_memberships where audience = '{fault.name}'"
    )
    assert tuple(left.values()) == (10, 10, 0)
    assert (
        shop.rows(
            "select table_name from information_schema.tables where table_schema = 'analytics'"
            f" and table_name like '{fault.name}\\_\\_%' escape '\\'"
        )
        == []
    )


def test_an_audience_of_accounts_keeps_the_same_history(
    faulty: tuple[dict[str, str], EventShop],
) -> None:
    _, shop = faulty
    path = shop.folder / "models" / "audiences" / "accounts_of_note.sql"
    path.write_text("select 'acme' as account_id, 'Acme' as name union all select 'hal', 'Hal'")
    configure(shop, "accounts_of_note", key="account_id")
    shop.build("--select", "accounts_of_note", "audience_events")
    rows = shop.rows(
        "select profile_id, account_id, change from analytics.audience_events"
        " where audience = 'accounts_of_note' order by account_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        (None, "acme", "entered"),
        (None, "hal", "entered"),
    ]
