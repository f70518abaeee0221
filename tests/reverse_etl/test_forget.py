"""A person is forgotten: nothing of them is left in any table, or at any destination."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.forget.forget import Proof, Request, forget
from tests.reverse_etl.house import SYNC, House, webhook
from tests.reverse_etl.receiver import Receiver, Reply
from warehouse.errors import ConfigurationError

PEOPLE = """
    select * from (values
        ('p1', 'ada@example.com', 'Ada', 10), ('p2', 'bob@example.com', 'Bob', 20)
    ) as t(profile_id, email, name, spent)
"""
TABLES = {
    "profile_identifiers": """
        ('p1', 'i1', 'email', 'ada@example.com'), ('p1', 'i2', 'user_id', '42'),
        ('p1', 'i3', 'anonymous_id', 'anon-ada'), ('p2', 'i4', 'email', 'bob@example.com'),
        ('p2', 'i5', 'anonymous_id', '42')
        ) as t(profile_id, identifier_id, identifier_type, identifier_value)""",
    "profile_merges": "('p0', 'p1')) as t(profile_id, merged_into)",
    "event_identifiers": """
        ('web', 'e1', 'i2', 'user_id', '42'), ('web', 'e2', 'i3', 'anonymous_id', 'anon-ada'),
        ('web', 'e3', 'i4', 'email', 'bob@example.com')
        ) as t(source, event_id, identifier_id, identifier_type, identifier_value)""",
    "profile_id_register": """
        (1, 'i1', 'p0', true), (2, 'i4', 'p0', false), (3, 'i4', 'p2', true)
        ) as t(position, identifier_id, profile_id, is_seed)""",
    "day_cells": "('i3', 7), ('i5', 8)) as t(node_id, events)",
}
LANDED = """
    select * from (values
        ('e1', '42', null, 'x'), ('e2', null, 'anon-ada', 'y'), ('e3', 'b1', '42', 'z'),
        ('e4', null, 'anon-ada', 'not built yet'), ('e5', 'b1', null, '42')
    ) as t(id, user_id, anonymous_id, note)
"""
OURS = ("ada@example.com", "anon-ada", '"42"')


@pytest.fixture
def people(tmp_path: Path, receiver: Receiver) -> Iterator[House]:
    with House(tmp_path, destination=webhook(receiver.url), mode="upsert") as house:
        house.build(PEOPLE)
        house.push()
        for name, values in TABLES.items():
            house.warehouse.execute(f"create table shop.{name} as select * from (values {values}")
        path = house.folder / "target" / "manifest.json"
        manifest = json.loads(path.read_text("utf-8"))
        model = manifest["nodes"]["model.shop.customers"]
        for name in TABLES:
            manifest["nodes"][f"model.shop.{name}"] = {**model, "name": name}
        path.write_text(json.dumps(manifest), "utf-8")
        fill_landed(house)
        yield house


def fill_landed(house: House) -> None:
    warehouse = house.warehouse
    warehouse.execute("create schema web")
    warehouse.execute(f"create table web.tracks as {LANDED}")
    warehouse.execute(
        "create table web.users as select * from (values ('42', 'ada@example.com'),"
        " ('b1', 'bob@example.com')) as t(id, email)"
    )
    warehouse.execute("insert into weft.loads (load_id, source, state) values (1, 'web', 'landed')")
    for raw in ('{"userId":"42"', '{"email":"ADA@example.com"', '{"userId":"421"', '{"n":42'):
        warehouse.execute("insert into weft.rejects (source, raw) values ('web', ?)", [raw])
    warehouse.execute(
        "insert into weft.discards (row_id, column_value) values"
        " ('e1', 'a'), ('e3', 'b'), ('e9', 'Ada@example.com')"
    )
    warehouse.execute("insert into weft.violations (event_id) values ('e2'), ('e3')")
    warehouse.execute(
        "insert into weft.blocked (event_id, payload) values"
        """ ('e8', '{"anonymousId":"anon-ada"}'), ('e9', '{"anonymousId":"anon-bob"}')"""
    )


def run_forget(house: House, identifier: str = "ada@example.com", **options: Any) -> Proof:
    confirmed = options.pop("confirmed", True)
    with house._run("forget") as run:
        return forget(
            house.warehouse,
            house.project,
            house.manifest,
            {SYNC: house.sync},
            Request(identifier, **options),
            run,
            lambda proof: confirmed,
        )


def everything(house: House) -> str:
    tables = house.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema not in ('information_schema', 'pg_catalog') order by 1, 2"
    )
    return json.dumps(
        [house.rows(f"select * from {t['table_schema']}.{t['table_name']}") for t in tables],
        default=str,
    )


@pytest.mark.every_engine
def test_nothing_of_the_person_is_left(people: House, receiver: Receiver) -> None:
    proof = run_forget(people)
    assert proof.state == "done"
    assert set(receiver.members) == {"bob@example.com"}
    assert receiver.rows[-1]["operation"] == "remove"
    assert people.rows("select profile_id from shop.customers") == [{"profile_id": "p2"}]
    left = everything(people).lower()
    assert not [text for text in OURS[:2] if text in left]
    assert [row["id"] for row in people.rows("select id from web.tracks order by id")] == [
        "e3",
        "e5",
    ]
    assert people.rows("select id from web.users") == [{"id": "b1"}]
    for name, rows in (
        ("profile_identifiers", 2),
        ("profile_merges", 0),
        ("event_identifiers", 1),
        ("profile_id_register", 2),
        ("day_cells", 1),
    ):
        assert people.rows(f"select count(*) as n from shop.{name}") == [{"n": rows}], name
    for name, rows in (("rejects", 2), ("discards", 1), ("violations", 1), ("blocked", 1)):
        assert people.rows(f"select count(*) as n from weft.{name}") == [{"n": rows}], name
    for name in ("sync_rows", "sync_attempts", "sync_snapshot"):
        keys = people.rows(f"select distinct key from weft.{name}")
        assert keys == [{"key": "bob@example.com"}], name


def test_the_person_is_never_sent_again(people: House, receiver: Receiver) -> None:
    run_forget(people)
    people.build(PEOPLE)
    plan = people.plan()
    assert (plan.suppressed, plan.planned, plan.unchanged) == (1, 0, 1)


def test_the_proof_holds_counts_and_hashes_only(people: House) -> None:
    proof = run_forget(people)
    [stored] = people.rows("select * from weft.forgotten")
    assert stored["digest"] == proof.digest
    assert json.loads(stored["proof"])["tables"]['"web"."tracks"'] == 3
    assert proof.destinations[0]["state"] == "removed"
    assert len(proof.identifiers) == 3
    assert proof.profiles == 2
    text = json.dumps(stored, default=str) + str(proof)
    assert not [name for name in OURS if name in text]


@pytest.mark.parametrize("options", [{"dry_run": True}, {"confirmed": False}])
def test_nothing_is_deleted_unless_it_is_meant(
    people: House, receiver: Receiver, options: dict[str, Any]
) -> None:
    before = people.rows("select * from weft.sync_snapshot order by key")
    proof = run_forget(people, **options)
    assert proof.state == ("planned" if "dry_run" in options else "refused")
    assert len(receiver.members) == 2
    assert people.rows("select * from weft.sync_snapshot order by key") == before
    assert people.rows("select * from weft.suppressions") == []
    assert people.rows("select count(*) as n from web.tracks") == [{"n": 5}]
    if "dry_run" in options:
        assert proof.tables['"web"."tracks"'] == 3
        assert proof.destinations[0]["rows"] == 1


def test_a_destination_that_does_not_answer_is_asked_again(
    people: House, receiver: Receiver
) -> None:
    receiver.replies = [Reply(status=503)] * 3
    proof = run_forget(people)
    assert proof.state == "pending"
    assert len(receiver.members) == 2
    assert people.rows("select count(*) as n from web.tracks") == [{"n": 2}]
    proof = run_forget(people)
    assert proof.state == "done"
    assert set(receiver.members) == {"bob@example.com"}
    states = people.rows("select state, proof from weft.forgotten order by requested_at")
    assert [row["state"] for row in states] == ["taken up", "done"]
    assert not [row for row in states if "ada@" in row["proof"]]
    assert people.rows("select * from weft.sync_snapshot where key like 'ada%'") == []


def test_it_must_be_clear_who_is_meant(people: House) -> None:
    with pytest.raises(ConfigurationError, match="Several people .* anonymous_id, user_id"):
        run_forget(people, "42")
    with pytest.raises(ConfigurationError, match="No profile has the identifier 'eve@example.com'"):
        run_forget(people, "eve@example.com")
    assert run_forget(people, "eve@example.com", kind="email").state == "done"
    assert run_forget(people, "42", kind="user_id").profiles == 2


def test_a_profile_id_that_another_person_bears_stays_theirs(people: House) -> None:
    run_forget(people)
    register = people.rows("select * from shop.profile_id_register order by position")
    assert [(row["profile_id"], row["is_seed"]) for row in register] == [("p0", True), ("p2", True)]


def test_a_snapshot_that_knew_nobody_else_is_not_lost(people: House, receiver: Receiver) -> None:
    for identifier in ("ada@example.com", "bob@example.com"):
        run_forget(people, identifier)
    assert people.rows("select * from weft.sync_snapshot") == []
    people.build(PEOPLE + "union all select 'p3', 'eve@example.com', 'Eve', 30")
    plan = people.plan()
    assert (plan.guards, plan.added) == ((), 1)
    people.push()
    assert set(receiver.members) == {"eve@example.com"}
    # Gone without having been asked to go: that is another matter.
    people.warehouse.execute("delete from weft.sync_snapshot")
    assert "The snapshot" in people.plan().guards[0]
