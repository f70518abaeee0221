"""Landed tables: their columns, the types these get, and where everything else ends."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.loaders.desk import Desk
from tests.loaders.examples import alias, group, identify, page, track

COMMON = {
    "id": "VARCHAR",
    "anonymous_id": "VARCHAR",
    "user_id": "VARCHAR",
    "received_at": "TIMESTAMP",
    "sent_at": "TIMESTAMP",
    "original_timestamp": "TIMESTAMP",
    "timestamp": "TIMESTAMP",
    "load_id": "BIGINT",
    "uuid_ts": "TIMESTAMP",
    "loaded_at": "TIMESTAMP",
}


@pytest.mark.every_engine
def test_each_call_lands_in_its_table(desk: Desk) -> None:
    one = {"n": 1}
    expected: list[tuple[str, dict[str, Any], set[str]]] = [
        ("signed_up", track(properties=one), {"event", "event_text", "n"}),
        ("identifies", identify(traits=one), {"null_traits", "n"}),
        ("pages", page(properties=one), {"name", "category", "n"}),
        ("screens", page(type="screen", properties=one), {"name", "category", "n"}),
        ("groups", group(traits=one), {"group_id", "null_traits", "n"}),
        ("aliases", alias(traits=one), {"previous_id", "n"}),
    ]
    more = {"context": {"ip": "1.2.3.4"}, "integrations": {"All": True}, "channel": "server"}
    desk.land(*({**event, **more} for _, event, _ in expected))
    tracks = ("tracks", expected[0][1], {"event", "event_text"})
    for table, event, own in [tracks, *expected]:
        types = desk.types(table)
        assert types.keys() == COMMON.keys() | own | {"context_ip"}
        assert types.items() >= COMMON.items()
        (row,) = desk.rows(f"select * from web.{table}")
        assert row["id"] == event["messageId"]
        assert row["load_id"] == 1
        assert row["uuid_ts"] == row["loaded_at"] is not None


def test_an_event_keeps_its_name_as_sent_beside_its_snake_case(desk: Desk) -> None:
    desk.land(track("Users"), track("日本"), track("signedUp"), track("Signed Up"))
    rows = desk.rows("select event, event_text from web.tracks order by event_text")
    assert [tuple(row.values()) for row in rows] == [
        ("signed_up", "Signed Up"),
        ("users", "Users"),
        ("signed_up", "signedUp"),
        ("", "日本"),
    ]
    assert desk.values("select event_text from web._users") == ["Users"]
    assert desk.values("select count(*) from web.signed_up") == [2]


def test_a_page_takes_name_and_category_from_either_place(desk: Desk) -> None:
    desk.land(
        page(messageId="1", name="Top", properties={"name": "Top"}),
        page(messageId="2", properties={"name": "Inner", "category": "Docs"}),
        page(messageId="3", name="Top", category="Shop", properties={"name": "Other"}),
    )
    rows = desk.rows("select name, category from web.pages order by id")
    assert [tuple(row.values()) for row in rows] == [
        ("Top", None),
        ("Inner", "Docs"),
        ("Top", "Shop"),
    ]
    assert desk.discards() == [("pages", "name", "Other", "reserved")]


def test_traits_of_an_identify_may_stand_in_its_context(desk: Desk) -> None:
    desk.land(
        identify(messageId="1", context={"traits": {"plan": "pro", "seats": 3}}),
        identify(
            messageId="2", traits={"plan": "free"}, context={"traits": {"plan": "pro", "seats": 5}}
        ),
    )
    rows = desk.rows("select plan, seats, context_traits_plan from web.identifies order by id")
    assert [tuple(row.values()) for row in rows] == [("pro", 3, "pro"), ("free", 5, "pro")]


def test_traits_sent_as_null_are_listed(desk: Desk) -> None:
    desk.land(
        identify(messageId="1", traits={"planName": None, "age": 3, "address": {"city": None}}),
        identify(messageId="2", traits={"planName": "pro"}),
        identify(messageId="3"),
        group(messageId="4", traits={"seats": None}),
    )
    listed = desk.values("select null_traits from web.identifies order by id")
    assert listed == ['["address_city","plan_name"]', None, None]
    assert desk.values("select null_traits from web.groups") == ['["seats"]']


def test_objects_are_flattened_and_arrays_are_compact_json(desk: Desk) -> None:
    desk.land(
        track(
            properties={"a": {"bC": {"d": 1}}, "list": [1, {"x": "é"}], "e": [], "f": {}, "g": None}
        )
    )
    (row,) = desk.rows("select * from web.signed_up")
    assert row["a_b_c_d"] == 1
    assert row["list"] == '[1,{"x":"é"}]'
    assert not row.keys() & {"a", "a_b_c", "e", "f", "g"}


# Values of a new column, its type, and what lands (None: the values as they are).
NEW_COLUMNS: list[tuple[list[Any], str, list[Any] | None]] = [
    ([True, False], "BOOLEAN", [True, False]),
    ([5, -(2**63)], "BIGINT", [5, -(2**63)]),
    ([5, 2**63], "VARCHAR", ["5", str(2**63)]),
    ([1.5, 2], "DOUBLE", [1.5, 2.0]),
    ([1.5, 2**53 + 1], "VARCHAR", ["1.5", str(2**53 + 1)]),
    ([1.5, 10**25], "VARCHAR", ["1.5", str(10**25)]),
    (["x", "é'\"\n"], "VARCHAR", ["x", "é'\"\n"]),
    (["12", "true"], "VARCHAR", ["12", "true"]),
    ([1, "x"], "VARCHAR", ["1", "x"]),
    ([1, True], "VARCHAR", ["1", "true"]),
    ([1, [2]], "VARCHAR", ["1", "[2]"]),
    (["", "x"], "VARCHAR", ["", "x"]),
    ([None, 1], "BIGINT", [None, 1]),
    (["2026-03-01", "2026-03-02"], "TIMESTAMP", [datetime(2026, 3, 1), datetime(2026, 3, 2)]),
    (
        ["2026-03-01T10:00:00.5+02:00", "2026-03-01 10:00:00"],
        "TIMESTAMP",
        [datetime(2026, 3, 1, 8, 0, 0, 500000), datetime(2026, 3, 1, 10)],
    ),
    (["2026-03-01", "2026-13-01"], "VARCHAR", ["2026-03-01", "2026-13-01"]),
    (["2026-03-01", "2026-03-01X", "2026-03-02"], "VARCHAR", None),
    (["0000-01-01", "2026-03-01"], "VARCHAR", None),
    (["2026-3-01", "05/25/2020"], "VARCHAR", None),
]


@pytest.fixture(scope="module")
def new_columns(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Each case in a table of its own, all from one file."""
    desk = Desk(tmp_path_factory.mktemp("new") / "shop")
    desk.land(
        *(
            track(f"Case {case}", messageId=f"{case}-{place}", properties={"v": value})
            for case, (values, _, _) in enumerate(NEW_COLUMNS)
            for place, value in enumerate(values)
        )
    )
    return desk


@pytest.mark.parametrize("case", range(len(NEW_COLUMNS)), ids=lambda case: str(NEW_COLUMNS[case]))
def test_a_new_column_gets_the_narrowest_type_of_all_its_values(
    new_columns: Desk, case: int
) -> None:
    values, type_, landed = NEW_COLUMNS[case]
    assert new_columns.types(f"case_{case}")["v"] == type_
    assert new_columns.values(f"select v from web.case_{case} order by id") == (landed or values)
    assert new_columns.discards() == []


# The first value of a column, a later one, what lands of it, and the type of the column.
LATER_VALUES = [
    (5, 5.0, 5, "bigint"),
    (5, "x", None, "bigint"),
    (5, 2**63, None, "bigint"),
    (1.5, 2, 2.0, "double"),
    (1.5, 2**53 + 1, None, "double"),
    (1.5, "x", None, "double"),
    (True, 1, None, "boolean"),
    ("2026-03-01", "soon", None, "timestamp"),
    ("2026-03-01", 20260301, None, "timestamp"),
    ("x", 1.5, "1.5", "varchar"),
    ("x", [1, 2], "[1,2]", "varchar"),
]


@pytest.fixture(scope="module")
def later_values(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Each case in a table of its own, the later values from a second file."""
    desk = Desk(tmp_path_factory.mktemp("later") / "shop")
    for name, place in (("one", 0), ("two", 1)):
        events = [
            track(f"Case {case}", messageId=f"{case}-{place}", properties={"v": values[place]})
            for case, values in enumerate(LATER_VALUES)
        ]
        assert desk.land(*events, name=name).total.landed == len(LATER_VALUES)
    return desk


@pytest.mark.parametrize("case", range(len(LATER_VALUES)), ids=lambda case: str(LATER_VALUES[case]))
@pytest.mark.every_engine
def test_a_value_that_does_not_fit_its_column_is_discarded_with_its_text(
    later_values: Desk, case: int
) -> None:
    _, later, landed, type_ = LATER_VALUES[case]
    found = later_values.values(f"select v from web.case_{case} where load_id = 2")
    assert found == [landed]
    rows = later_values.rows(
        "select load_id, row_id, column_name, column_value, reason from weft.discards"
        f" where table_name = 'case_{case}'"
    )
    expected = {
        "load_id": 2,
        "row_id": f"{case}-1",
        "column_name": "v",
        "column_value": later if isinstance(later, str) else json.dumps(later),
        "reason": f"does not fit {type_}",
    }
    assert rows == ([expected] if landed is None else [])


def test_what_json_does_not_call_a_number_never_lands_as_one(desk: Desk) -> None:
    desk.land(*(track(properties={"v": one}) for one in (1.5, float("nan"), float("-inf"))))
    assert desk.types("signed_up")["v"] == "DOUBLE"
    values = [(value, reason) for _, _, value, reason in desk.discards()]
    assert values == [("-Infinity", "does not fit double"), ("NaN", "does not fit double")]


def test_a_field_first_seen_late_has_its_column(desk: Desk) -> None:
    events = [track(properties={"v": 1}) for _ in range(3000)]
    desk.land(*events, track(properties={"v": 2, "late": "x"}))
    assert desk.values("select late from web.signed_up where late is not null") == ["x"]


def test_contexts_that_differ_from_the_first_ones_lose_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.shapes._FIRST_ROWS", 1)
    contexts = [
        {"ip": "1", "page": {"url": "u"}, "app": {}},
        {"ip": None, "page": {"url": 5}, "app": {"build": 7}},
        {"late": {"deep": True}, "ip": {"v4": "2"}, "page": [1]},
    ]
    desk.land(*(track(messageId=f"m{n}", context=one) for n, one in enumerate(contexts)))
    columns = "context_ip, context_page_url, context_app_build, context_late_deep, context_ip_v4"
    rows = desk.rows(f"select {columns}, context_page from web.tracks order by id")
    assert [tuple(row.values()) for row in rows] == [
        ("1", "u", None, None, None, None),
        (None, "5", 7, None, None, None),
        (None, None, None, True, "2", "[1]"),
    ]


def test_kinds_that_only_later_contexts_have_count(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.shapes._FIRST_ROWS", 1)
    desk.land(track(context={"v": 1}), track(context={"v": "x"}), track(context={"v": [1]}))
    assert sorted(desk.values("select context_v from web.tracks")) == ["1", "[1]", "x"]


def test_reserved_names_are_discarded(desk: Desk) -> None:
    desk.land(
        track(messageId="1", properties={"id": 7, "__timestamp": "x", "loadedAt": 1, "ok": 1}),
        identify(messageId="2", traits={"userId": "u9", "id": "u9", "name": "Ann"}),
    )
    assert desk.discards() == [
        ("identifies", "id", "u9", "reserved"),
        ("identifies", "user_id", "u9", "reserved"),
        ("signed_up", "id", "7", "reserved"),
        ("signed_up", "loaded_at", "1", "reserved"),
        ("signed_up", "timestamp", "x", "reserved"),
    ]
    assert desk.values("select name from web.identifies") == ["Ann"]


def test_a_key_without_a_letter_has_no_column(desk: Desk) -> None:
    desk.land(track(properties={"日本": "x", "ok": 1}))
    assert desk.discards() == [("signed_up", "日本", "x", "no name")]


def test_of_keys_that_collide_the_last_of_each_event_wins(desk: Desk) -> None:
    desk.land(
        track(messageId="1", properties={"Email": "a", "email": "b"}),
        track(messageId="2", properties={"email": "b", "Email": "a"}),
        track(messageId="3", properties={"Email": "only"}),
        track(messageId="4", properties={"a": {"b": 1}, "z": 0, "a_b": 2}),
        track(messageId="5", properties={"a_b": 2, "a": {"b": 1}}),
    )
    assert desk.values("select email from web.signed_up order by id") == [
        "b",
        "a",
        "only",
        None,
        None,
    ]
    assert desk.values("select a_b from web.signed_up order by id")[3:] == [2, 1]
    assert desk.discards() == [
        ("signed_up", "a_b", "1", "collision"),
        ("signed_up", "a_b", "2", "collision"),
        ("signed_up", "email", "a", "collision"),
        ("signed_up", "email", "b", "collision"),
    ]


def test_the_context_goes_before_a_property_that_takes_its_column(desk: Desk) -> None:
    desk.land(
        track(messageId="1", properties={"context_ip": "p"}, context={"ip": "c"}),
        track(messageId="2", properties={"context_ip": "p"}),
    )
    assert desk.values("select context_ip from web.signed_up order by id") == ["c", "p"]
    assert desk.discards() == [("signed_up", "context_ip", "p", "collision")]


def test_a_key_may_hold_any_character(desk: Desk) -> None:
    keys = ["it's", 'q"q', "d.d", "s/s", "t~t", "$x", "a*b", "n\n1", "[0]", "~1", "x; drop table x"]
    desk.land(track("x'); drop table y; --", properties={key: key for key in keys}))
    (row,) = desk.rows("select * from web.x_drop_table_y")
    columns = ["it_s", "q_q", "d_d", "s_s", "t_t", "x", "a_b", "n_1", "_0", "_1", "x_drop_table_x"]
    assert {name: row[name] for name in columns} == dict(zip(columns, keys, strict=True))


@pytest.mark.every_engine
def test_strings_land_byte_by_byte(desk: Desk) -> None:
    texts = [
        "Ünïcode 🎉",
        "it's",
        'say "hi"',
        "a\nb\r\tc",
        "\\",
        "{}",
        "[]",
        "null",
        " x ",
        "A-UUID",
    ]
    desk.land(
        *(
            track(messageId=f"m{number}", properties={"v": text}, context={"v": text})
            for number, text in enumerate(texts)
        )
    )
    rows = desk.rows("select v, context_v from web.signed_up order by id")
    assert rows == [{"v": text, "context_v": text} for text in texts]


def test_an_object_where_others_have_a_value_lands_in_its_own_columns(desk: Desk) -> None:
    desk.land(
        track(messageId="1", properties={"v": {"w": 1}}),
        track(messageId="2", properties={"v": "{x}"}),
        track(messageId="3", properties={"v": []}),
    )
    rows = desk.rows("select v, v_w from web.signed_up order by id")
    assert [tuple(row.values()) for row in rows] == [(None, 1), ("{x}", None), (None, None)]


def test_documents_that_are_no_objects_are_ignored(desk: Desk) -> None:
    nothings: list[object] = ["text", 5, [1], None]
    events = [track() | {"properties": nothing, "context": nothing} for nothing in nothings]
    assert desk.land(*events).total.landed == 4
    assert desk.types("signed_up").keys() == COMMON.keys() | {"event", "event_text"}


def test_many_names_and_many_properties_land(desk: Desk) -> None:
    many = min(1000, desk.warehouse.limits.values)
    wide = track("Wide", properties={f"p{number}": number for number in range(many)})
    desk.land(wide, *(track(f"Event {n}", properties={f"q{n}": n}) for n in range(40)))
    assert desk.types("wide").keys() >= {"p0", f"p{many - 1}"}
    assert desk.values("select q39 from web.event_39") == [39]


def test_a_type_that_a_user_gave_a_column_is_kept(desk: Desk) -> None:
    desk.land(track(properties={"price": 5}))
    desk.warehouse.execute("alter table web.signed_up alter price type decimal(18, 2)")
    desk.land(track(properties={"price": 5.25}), track(properties={"price": "x"}), name="two")
    assert [
        float(one) for one in desk.values("select price from web.signed_up where price > 5")
    ] == [5.25]
    assert desk.discards() == [("signed_up", "price", "x", "does not fit decimal(18, 2)")]
