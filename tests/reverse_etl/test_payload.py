"""Values reach the wire as they are in the warehouse."""

import json

import pytest

from reverse_etl.mapping import resolve_mapping
from reverse_etl.pages import compute_idempotency_key
from reverse_etl.payload import key_text, payload
from tests.reverse_etl.house import House
from tests.reverse_etl.receiver import Receiver

EXACT = {
    "cast(1234.500000000 as decimal(38, 9))": "1234.5",
    "cast(100 as decimal(38, 9))": "100",
    "cast(0 as decimal(5, 2))": "0",
    "cast(-0.50 as decimal(5, 2))": "-0.5",
    "cast(1200 as decimal(18, 0))": "1200",
    "cast('99999999999999999999999999999.999999999' as decimal(38, 9))": (
        "99999999999999999999999999999.999999999"
    ),
    "9007199254740993": "9007199254740993",
    "cast(-170141183460469231731687303715884105727 as hugeint)": (
        "-170141183460469231731687303715884105727"
    ),
    "18446744073709551615::ubigint": "18446744073709551615",
    "0.1::float": "0.1",
    "1e20::double": "1e+20",
    # Where engines go over to exponents, or write a digit more than is needed.
    "10::double": "10.0",
    "-0.0::double": "-0.0",
    "1e15::double": "1000000000000000.0",
    "1125899906842624.5::double": "1125899906842624.5",
    "1e16::double": "1e+16",
    "33373694776914850::double": "3.337369477691485e+16",
    "87824850434878200::double": "8.78248504348782e+16",
    "3092535278770144000::double": "3.092535278770144e+18",
    "0.00001::double": "1e-05",
    "16777216::float": "16777216.0",
    "true": "true",
    "null::integer": "null",
    "date '2024-02-29'": '"2024-02-29"',
    "timestamp '2024-02-29 12:30:00'": '"2024-02-29T12:30:00Z"',
    "timestamp '2024-02-29 12:30:00.25'": '"2024-02-29T12:30:00.25Z"',
    "timestamptz '2024-02-29 12:30:00+02:00'": '"2024-02-29T10:30:00Z"',
    "time '12:30:00'": '"12:30:00"',
    "'O''Brien'": '"O\'Brien"',
    "'🙂 é'": '"🙂 é"',
    "'a\"b\\c'": '"a\\"b\\\\c"',
    "'two' || chr(10) || 'lines'": '"two\\nlines"',
    "'control ' || chr(11) || chr(27) || chr(31) || chr(9)": '"control \\u000B\\u001B\\u001F\\t"',
    """'{"a": 1.10}'""": '"{\\"a\\": 1.10}"',
    """('{"a": 1.10,' || chr(10) || ' "b": 9007199254740993}')::json""": (
        '{"a": 1.10,  "b": 9007199254740993}'
    ),
    "[1.50::decimal(4, 2), null, 2]": "[1.5,null,2]",
    "['a', 'b\"c']": '["a","b\\"c"]',
    "{'at': timestamp '2024-02-29 12:30:00', 'x y': 1.10::decimal(4, 2)}": (
        '{"at":"2024-02-29T12:30:00Z","x y":1.1}'
    ),
    "[{'a': 1}]": '[{"a":1}]',
    "'ab'::blob": '"YWI="',
    "'5dae2223-b003-461a-8961-77a9cb410ff6'::uuid": '"5dae2223-b003-461a-8961-77a9cb410ff6"',
    "map {'a': 1}": '{"a":1}',
}


NESTED = ("{", "[{", "map {")
"""How values begin that DuckDB alone has types for."""


@pytest.fixture
def rendered(house: House, engine: str) -> dict[str, str]:
    values = [value for value in EXACT if engine == "duckdb" or not value.startswith(NESTED)]
    columns = ", ".join(f"{value} as c{n}" for n, value in enumerate(values))
    house.build(f"select 'k' as email, {columns}")
    found = {}
    for number, value in enumerate(values):
        house.settings["fields"] = {"value": f"c{number}"}
        house.write()
        mapping = resolve_mapping(house.warehouse, house.sync)
        sql = f"select {payload(mapping, 'source')} as text from {mapping.table} as source"
        found[value] = house.warehouse.value(sql)
    return found


@pytest.mark.every_engine
def test_every_value_is_written_exactly(rendered: dict[str, str]) -> None:
    assert rendered == {value: f'{{"value":{EXACT[value]}}}' for value in rendered}
    assert len(rendered) >= len(EXACT) - 3
    for text in rendered.values():
        json.loads(text)


def test_values_are_on_the_wire_as_the_warehouse_wrote_them(
    house: House, receiver: Receiver
) -> None:
    house.build(
        "select 'ada@example.com' as email, 'O''Brien 🙂' as name,"
        " 12345678901234567890.123456789::decimal(38, 9) as spent, 9007199254740993 as big,"
        """ '{"n": 1.10}' as raw, null::varchar as nothing"""
    )
    house.settings["fields"] = "*"
    house.write()
    house.push()
    [(_, body)] = receiver.requests
    fields = (
        '"fields":{"big":9007199254740993,"email":"ada@example.com","name":"O\'Brien 🙂",'
        '"nothing":null,"raw":"{\\"n\\": 1.10}","spent":12345678901234567890.123456789}'
    )
    assert fields.encode() in body


def test_fields_are_sorted_and_quotes_in_names_survive(house: House) -> None:
    house.build("""select 'k' as email, 1 as "it's", 2 as "a ""b" """)
    house.settings["fields"] = {"z'": "it's", 'a"': 'a "b'}
    house.write()
    mapping = resolve_mapping(house.warehouse, house.sync)
    sql = f"select {payload(mapping, 'source')} as text from {mapping.table} as source"
    assert house.warehouse.value(sql) == """{"a\\"":2,"z'":1}"""


@pytest.mark.parametrize("value", ["'nan'::double", "'inf'::float", "timestamp 'infinity'"])
def test_a_value_json_cannot_hold_makes_the_row_invalid(house: House, value: str) -> None:
    house.build(f"select 'k' as email, 'Ada' as name, {value} as spent")
    plan = house.plan()
    assert (plan.invalid, plan.planned, plan.unchanged) == (1, 0, 0)
    [row] = house.rows("select reason from weft.sync_rows")
    assert row["reason"] == "invalid_mapping"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("number", "42"),
        (["number", "name"], '[42,"O\'Brien"]'),
        (["name", "day"], '["O\'Brien","2024-02-29"]'),
        ("amount", "1.5"),
        ("nothing", None),
        ("blank", None),
        (["name", "nothing"], None),
    ],
)
def test_keys_are_text_and_several_columns_an_array(
    house: House, key: str | list[str], text: str | None
) -> None:
    house.build(
        "select 42 as number, 'O''Brien' as name, date '2024-02-29' as day, '' as blank,"
        " 1.50::decimal(9, 2) as amount, null::varchar as nothing"
    )
    house.settings.update(key=key, fields={})
    house.write()
    mapping = resolve_mapping(house.warehouse, house.sync)
    sql = f"select {key_text(mapping, 'source')} as key from {mapping.table} as source"
    assert house.warehouse.value(sql) == text


def test_a_composite_key_is_an_array_on_the_wire(house: House, receiver: Receiver) -> None:
    house.build("select 'shop' as store, 7 as number, 'Ada' as name")
    house.settings.update(key=["store", "number"], fields={"name": "name"})
    house.write()
    house.push()
    assert receiver.rows[0]["key"] == ["shop", 7]
    assert receiver.rows[0]["fields"] == {"name": "Ada"}


@pytest.mark.parametrize(
    ("nulls", "fields"),
    [
        ("send", {"name": None, "note": None, "total": 1}),
        ("skip", {"total": 1}),
        ({"note": "only_when_set"}, {"name": None, "total": 1}),
        ({"total": "skip"}, {"name": None, "note": None, "total": 1}),
    ],
)
def test_nulls_are_sent_or_left_out_field_by_field(
    house: House, receiver: Receiver, nulls: object, fields: dict[str, object]
) -> None:
    house.build("select 'k' as email, null::varchar as name, null::varchar as note, 1 as spent")
    house.settings["fields"] = {"name": "name", "note": "note", "total": "spent"}
    house.settings["nulls"] = nulls
    house.write()
    house.push()
    assert receiver.rows[0]["fields"] == fields


def test_a_row_of_which_nothing_is_left_has_no_fields(house: House, receiver: Receiver) -> None:
    house.build("select 'k' as email, null::varchar as name")
    house.settings.update(fields={"name": "name"}, nulls="skip")
    house.write()
    house.push()
    assert receiver.rows[0]["fields"] == {}


@pytest.mark.parametrize("key", ["ada", "O'Brien", '"x"', "🙂 é\n\t", "[1]", "\x7f\x01"])
def test_the_idempotency_key_and_the_key_as_json_are_what_python_makes_of_them(
    house: House, receiver: Receiver, key: str
) -> None:
    house.fill([(key, "n", 1)])
    house.push()
    [row] = receiver.rows
    [planned] = house.rows("select * from weft.sync_rows where position = 1")
    assert row["key"] == key
    assert row["idempotency_key"] == compute_idempotency_key(
        "customers_to_crm", key, "add", planned["row_hash"], 0
    )
