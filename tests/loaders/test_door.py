"""What the door lets in: the text of lines, edited where a value is named and nowhere else."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from loaders.door import ADMITTED, COLLISIONS, Door, admit, make_guard
from loaders.door.edits import TWICE
from tests.loaders.desk import Desk, Event
from tests.loaders.examples import group, identify, page, track
from warehouse.errors import ConfigurationError

SALT = "pepper"
Row = tuple[str, str | None]


@pytest.fixture(autouse=True)
def _salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_HASH_SALT", SALT)


@pytest.fixture(scope="module")
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def _door(**rules: Any) -> Door:
    return Door.model_validate({"salt": "{{ env_var('WEFT_HASH_SALT') }}", **rules})


def _admit(parser: duckdb.DuckDBPyConnection, door: Door, *lines: str) -> list[Row]:
    """Raw text and fault of lines behind the door."""
    guard = make_guard("web", door)
    assert guard is not None
    parser.execute(
        "create or replace temp table arrived as select 0::int as file, unnest(range(len($1))) + 1"
        " as line, unnest($1::varchar[]) as raw, null::varchar as fault",
        [list(lines)],
    )
    admit(parser, guard, "arrived")
    return parser.execute(f"select raw, fault from {ADMITTED} order by line").fetchall()


def _hash(text: str) -> str:
    return hashlib.sha256((SALT + text).encode()).hexdigest()


# A rule, a line, and what is left of it: None for all of it.
CASES = [
    # first, middle, last and only member; the comma that goes with it
    ({"drop": ["properties.a"]}, '{"properties": {"a": 1, "b": 2}}', '{"properties": { "b": 2}}'),
    ({"drop": ["properties.a"]}, '{"properties": {"b":2 , "a":1 }}', '{"properties": {"b":2  }}'),
    ({"drop": ["properties.a"]}, '{"properties":{"a":[1,{"x":"}"}]}}', '{"properties":{}}'),
    ({"drop": ["context.ip"]}, '{"context":{"a":1,"ip":"::1","b":2}}', '{"context":{"a":1,"b":2}}'),
    # the same key elsewhere is not meant
    ({"drop": ["a"]}, '{"b":{"a":1},"c":[{"a":2}],"a":3}', '{"b":{"a":1},"c":[{"a":2}]}'),
    ({"drop": ["p.a"]}, r'{"q":"{\"a\":1}","p":{"b":{"a":1}}}', None),
    ({"drop": ["p.a.b"]}, '{"p":{"a":5}}', None),
    # a key in escapes is the same key
    ({"drop": ["p.card"]}, r'{"p":{"c\u0061rd":1}}', '{"p":{}}'),
    ({"drop": ["p.gr\u00fc\u00df"]}, r'{"p":{"gr\u00FC\u00df":1}}', '{"p":{}}'),
    ({"drop": ["p.\U0001f600"]}, r'{"p":{"\ud83d\ude00":1}}', '{"p":{}}'),
    # numbers hash as they are written, and as the string of the same text
    ({"hash": ["a"]}, '{"a": 12345678901234567890}', f'{{"a": "{_hash("12345678901234567890")}"}}'),
    ({"hash": ["a"]}, '{"a": "1.10"}', f'{{"a": "{_hash("1.10")}"}}'),
    ({"hash": ["a"]}, r'{"a": "\u00fc\n"}', f'{{"a": "{_hash(chr(252) + chr(10))}"}}'),
    ({"hash": ["a"]}, '{"a": null}', None),
    ({"hash": ["a"]}, '{"a": ""}', None),
    ({"hash": ["a.b"]}, '{"a": {"b":[1.0, 2]}}', f'{{"a": {{"b":"{_hash("[1.0, 2]")}"}}}}'),
    ({"rename": {"p.a": "b"}}, '{"p":{"a":1.10,"c":2}}', '{"p":{"b":1.10,"c":2}}'),
    ({"rename": {"p.a": "b"}}, '{"p":{"c":2,"a":[ ]}}', '{"p":{"c":2,"b":[ ]}}'),
    ({"hash": ["p.a"], "rename": {"p.a": "b"}}, '{"p":{"a":1}}', f'{{"p":{{"b":"{_hash("1")}"}}}}'),
    ({"drop": ["p.b"], "rename": {"p.a": "b"}}, '{"p":{"a":1,"b":2}}', '{"p":{"b":1}}'),
    # only events of some names
    ({"drop": [{"path": "a", "events": ["B"]}]}, '{"event":"A","a":1}', None),
    ({"drop": [{"path": "a", "events": ["A", "B"]}]}, '{"a":1,"event":"B"}', '{"event":"B"}'),
]  # fmt: skip

# The same for a wildcard, which means every object there.
WILD_CASES = [
    (
        {"drop": ["p.*.a"]},
        '{"p": {"x": {"a":1,"b":2}, "a":3,"y" :{"a":4} }}',
        '{"p": {"x": {"b":2}, "a":3,"y" :{} }}',
    ),
    (
        {"drop": ["*.a"]},
        ' {"x":{"a":1},"a":3 ,"y":{"b":{"a":4}}}',
        ' {"x":{},"a":3 ,"y":{"b":{"a":4}}}',
    ),
    (
        {"drop": ["p.*.b.a"]},
        '{"p":{"x":{"b":{"a":1}},"y":{"a":{"b":2}},"z":[{"b":{"a":3}}]}}',
        '{"p":{"x":{"b":{}},"y":{"a":{"b":2}},"z":[{"b":{"a":3}}]}}',
    ),
    (
        {"hash": ["p.*.a"]},
        '{"p":{"x":{"a":1.0},"y":{"a":""},"z":{"a":"1.0"}}}',
        '{"p":{"x":{"a":"HASH"},"y":{"a":""},"z":{"a":"HASH"}}}'.replace("HASH", _hash("1.0")),
    ),
    (
        {"rename": {"p.*.a": "b"}, "drop": ["p.x.c"]},
        '{"p":{"x":{"c":0,"a":1},"y":{"a":[2]}}}',
        '{"p":{"x":{"b":1},"y":{"b":[2]}}}',
    ),
    ({"drop": ["p.*.a", "*.x.b"]}, '{"p":{"x":{"a":1,"b":2}}}', '{"p":{"x":{}}}'),
    ({"drop": ["p.*.a"]}, '{"p":{"x":{"a":1},"x":{"a":2}}}', '{"p":{"x":{},"x":{}}}'),
    ({"drop": ["p.*.a"]}, r'{"q":{"x":{"a":1}},"p":{},"r":"{\"a\":1}"}', None),
    ({"drop": ["p.*.a"]}, '{"p":[{"a":1}]}', None),
    ({"drop": [{"path": "p.*.a", "events": ["A"]}]}, '{"event":"B","p":{"x":{"a":1}}}', None),
]


@pytest.mark.parametrize(("rules", "line", "expected"), CASES + WILD_CASES)
def test_a_rule_edits_what_it_names(
    parser: duckdb.DuckDBPyConnection, rules: dict[str, Any], line: str, expected: str | None
) -> None:
    assert _admit(parser, _door(**rules), line) == [(line if expected is None else expected, None)]


NO_EVENTS = [
    ('{"p": {"a": "secret"', "not valid JSON"),
    ('["secret"]', "not a JSON object"),
    ('"secret"', "not a JSON object"),
    ('{"p":{"a":1,"a":"secret"}}', TWICE),
    ('{"p":{"a":"secret"},"p":{"a":2}}', TWICE),
    ('{"p":{"a":"secret","\\u0061":2}}', TWICE),
    ('{"q":"secret","p":' + "[" * 128 + "]" * 128 + "}", "nested deeper than 128 levels"),
]


@pytest.mark.parametrize("kind", ["drop", "hash"])
@pytest.mark.parametrize(("line", "reason"), NO_EVENTS)
def test_of_a_line_that_cannot_be_edited_only_a_note_is_left(
    parser: duckdb.DuckDBPyConnection, kind: str, line: str, reason: str
) -> None:
    digest = hashlib.sha256(line.encode()).hexdigest()
    note = f"[withheld at the door: {len(line)} characters, SHA-256 {digest}]"
    assert _admit(parser, _door(**{kind: ["p.a"]}), line) == [(note, reason)]


TWICE_INSIDE = [
    '{"p":{"x":{"a":1,"a":"secret"}}}',
    '{"p":{"x":{"a":"secret"}},"p":{"x":{"a":2}}}',
    '{"p":{"x":1},"p":{"x":{"a":"secret"}}}',
]


@pytest.mark.parametrize("line", TWICE_INSIDE)
def test_a_wildcard_passes_over_nothing_that_is_given_twice(
    parser: duckdb.DuckDBPyConnection, line: str
) -> None:
    ((raw, fault),) = _admit(parser, _door(drop=["p.*.a"]), line)
    assert (fault, "secret" in raw) == (TWICE, False)


def test_values_below_a_wildcard_whose_new_name_is_taken_are_recorded(
    parser: duckdb.DuckDBPyConnection,
) -> None:
    door = _door(rename={"p.*.a": "b"})
    line = '{"p":{"x":{"a":1,"b":2},"y":{"a":3},"z":{"b":4,"a":"5"}}}'
    assert _admit(parser, door, line) == [('{"p":{"x":{"b":2},"y":{"b":3},"z":{"b":4}}}', None)]
    taken = parser.execute(f"select line, name, value from {COLLISIONS} order by value").fetchall()
    assert taken == [(1, "b", '"5"'), (1, "b", "1")]


def test_a_value_whose_new_name_is_taken_is_recorded(parser: duckdb.DuckDBPyConnection) -> None:
    door = _door(rename={"p.a": "b"})
    lines = ['{"p":{"a":"x","b":2}}', '{"p":{"b":{},"a":1.10}}', '{"p":{"a":3}}']
    assert [raw for raw, _ in _admit(parser, door, *lines)] == [
        '{"p":{"b":2}}',
        '{"p":{"b":{}}}',
        '{"p":{"b":3}}',
    ]
    taken = parser.execute(f"select line, name, value from {COLLISIONS} order by line").fetchall()
    assert taken == [(1, "b", '"x"'), (2, "b", "1.10")]


def test_a_line_that_passes_again_keeps_its_hashes(parser: duckdb.DuckDBPyConnection) -> None:
    guard = make_guard("web", _door(hash=["a", "b"]))
    assert guard is not None
    line = f'{{"a":"{_hash("1")}","b":"new"}}'
    parser.execute(
        "create or replace temp table arrived as"
        " select 0::int as file, 1::bigint as line, ?::varchar as raw, null::varchar as fault",
        [line],
    )
    admit(parser, guard, "arrived", again=True)
    expected = line.replace("new", _hash("new"))
    assert parser.execute(f"select raw from {ADMITTED}").fetchall() == [(expected,)]


WRONG = [
    {"hash": ["userId"]},
    {"hash": ["userId"], "salt": "written here"},
    {"drop": ["properties.*"]},
    {"drop": ["*.*.ssn"]},
    {"drop": ["properties.card*.number"]},
    {"rename": {"properties.*.a": "*"}},
    {"drop": ["properties."]},
    {"drop": [""]},
    {"drop": ['a"b']},
    {"rename": {"properties.a": "properties.b"}},
    {"drop": [{"path": "a", "event": ["A"]}]},
    {"mask": ["a"]},
]


@pytest.mark.parametrize("rules", WRONG)
def test_a_wrong_rule_is_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Door.model_validate(rules)


def test_without_its_salt_a_door_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_HASH_SALT")
    with pytest.raises(ConfigurationError, match="'web' needs .* WEFT_HASH_SALT"):
        make_guard("web", _door(hash=["userId"]))


def test_a_door_without_rules_has_no_guard() -> None:
    assert make_guard("web", None) is None
    assert make_guard("web", Door()) is None


# JSON as people's tools write it: any white space, escapes, numbers in any form.
_KEYS = st.sampled_from(["a", "b", "c", "ab", "p", "\u00fc", 'a"', "a\\", "{", ","])
_SPACES = st.text(" \t\r\n", max_size=2)
_NUMBERS = st.sampled_from(["0", "-1.10", "1e5", "12345678901234567890", "1E-400", "true", "null"])
_WORDS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['"a":1', "}", "\\", '{"p":{"a":1}}', ',"a"']
)


def _quoted(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    plain = st.builds(json.dumps, texts, ensure_ascii=st.booleans())
    escaped = texts.map(lambda text: '"' + "".join(map(_escape, text)) + '"')
    return plain | escaped


def _escape(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.dictionaries(_KEYS, st.tuples(values, _SPACES, _SPACES), max_size=4)
    return st.builds(_print_object, members, _SPACES, st.booleans())


def _print_object(members: dict[str, tuple[str, str, str]], space: str, ascii_: bool) -> str:
    texts = [
        f"{before}{json.dumps(key, ensure_ascii=ascii_)}{space}:{after}{value}{before}"
        for key, (value, before, after) in members.items()
    ]
    return "{" + (",".join(texts) or space) + "}"


def _arrays(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=3).map(lambda texts: "[" + " ,".join(texts) + "]")


_VALUES = st.recursive(
    _NUMBERS | _quoted(_WORDS),
    lambda values: _objects(values) | _arrays(values),
    max_leaves=8,
)
_NAMED = st.sampled_from(["a", "b", "ab", "p", "\u00fc"])
_PATHS = st.lists(_NAMED, min_size=1, max_size=3)
_WILD_PATHS = st.builds(
    lambda before, after: [*before, "*", *after],
    st.lists(_NAMED, max_size=1),
    st.lists(_NAMED, min_size=1, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(_objects(_VALUES), min_size=1, max_size=6),
    path=_PATHS | _WILD_PATHS,
    kind=st.sampled_from(["drop", "hash", "rename"]),
)
def test_the_door_agrees_with_a_reader_of_json(
    lines: list[str], path: list[str], kind: str
) -> None:
    name = ".".join(path)
    door = _door(**{kind: {name: "new"} if kind == "rename" else [name]})
    with duckdb.connect() as connection:
        rows = _admit(connection, door, *lines)
    assert rows == [(_expected_of_all(line, path, kind), None) for line in lines]


def _expected_of_all(line: str, path: list[str], kind: str) -> str:
    """The edits that a path means, one for each key that its wildcard stands for."""
    if "*" not in path:
        return _expected(line, path, kind)
    place = path.index("*")
    inside = json.loads(line, strict=False)
    for key in path[:place]:
        inside = inside.get(key) if isinstance(inside, dict) else None
    for key in inside if isinstance(inside, dict) else ():
        line = _expected(line, [*path[:place], key, *path[place + 1 :]], kind)
    return line


def _expected(line: str, path: list[str], kind: str) -> str:
    """The same edit by walking through the text with Python's JSON decoder."""
    found = _find(line, path)
    if found is None:
        return line
    comma, key, start, end, follows = found
    value = line[start:end]
    if kind == "hash":
        parsed = json.loads(value)
        text = parsed if isinstance(parsed, str) else value
        stays = value == "null" or not text.strip(" \t\r\n")
        return line if stays else f'{line[:start]}"{_hash(text)}"{line[end:]}'
    if kind == "rename":
        return (
            line[:comma]
            + ("," if comma < key and line[comma] == "," else "")
            + (f'"new":{value}{line[end:]}')
        )
    if line[comma] == ",":
        return line[:comma] + line[end:]
    return line[:comma] + line[end if follows is None else follows + 1 :]


def _find(line: str, path: list[str]) -> tuple[int, int, int, int, int | None] | None:
    """Comma (or white space) before, key, value, its end, and the comma after if there is one."""
    decoder = json.JSONDecoder(strict=False)
    position = _blank(line, 0)
    if line[position] != "{":
        return None
    before = position + 1
    while True:
        key_at = _blank(line, before + (line[before] == ","))
        if line[key_at] == "}":
            return None
        key, key_end = decoder.raw_decode(line, key_at)
        start = _blank(line, _blank(line, key_end) + 1)
        _, end = decoder.raw_decode(line, start)
        after = _blank(line, end)
        if key == path[0]:
            if len(path) == 1:
                return before, key_at, start, end, after if line[after] == "," else None
            inner = _find(line[start:], path[1:])
            if inner is None:
                return None
            comma, at, value, value_end, follows = inner
            return (
                comma + start,
                at + start,
                value + start,
                value_end + start,
                None if follows is None else follows + start,
            )
        if line[after] == "}":
            return None
        before = after


def _blank(line: str, position: int) -> int:
    while line[position] in " \t\r\n":
        position += 1
    return position


def test_the_door_of_the_page_on_loading_is_valid() -> None:
    page = (Path(__file__).parents[2] / "docs" / "loading.md").read_text("utf-8")
    (block,) = (one for one in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "door:" in one)
    door = Door.model_validate(yaml.safe_load(block)["sources"]["web"]["door"])
    assert make_guard("web", door) is not None


DOOR_YML = """
sources:
  web:
    files: events/*
    door:
      salt: "{{ env_var('WEFT_HASH_SALT') }}"
      drop: [properties.card, context.ip, properties.*.number]
      hash: [userId, traits.ssn, context.traits.ssn]
      rename: {properties.cc: kind}
"""
SECRET = "planted-5105105105105100"


@pytest.mark.skipif("config.getoption('engine') != 'duckdb'", reason="reads DuckDB's file")
def test_nothing_of_a_secret_is_stored_anywhere(desk: Desk, tmp_path: Path) -> None:
    (desk.folder / "weft.yml").write_text(DOOR_YML)
    hidden: dict[str, Any] = {
        "properties": {"card": SECRET, "n": 1.10, "paid": {"number": SECRET}, "n2": {"number": 1}},
        "context": {"ip": SECRET, "traits": {"ssn": SECRET}},
        "traits": {"ssn": SECRET},
    }
    lines: list[Event | str] = [
        track(**hidden, messageId="plain", userId=SECRET),
        track(**hidden, messageId="plain"),
        track(**hidden, messageId=None),
        identify(**hidden),
        group(**hidden),
        page(**{**hidden, "properties": {"card": {"number": [SECRET]}}}),
        track(**hidden, type="unknown"),
        track(**hidden, event=None),
        json.dumps(track(**hidden))[:-1],
        json.dumps([track(**hidden)]),
        json.dumps(SECRET),
        json.dumps(track(**hidden)).replace('"card"', '"card":1,"c\\u0061rd"'),
        json.dumps(track(**hidden)).replace('"n"', '"deep":' + "[" * 130 + "]" * 130 + ',"n"'),
        track(properties={"card": SECRET, "total": 5}),
        track(properties={"card": SECRET, "total": "late"}),
    ]
    report = desk.land(*lines)
    total = report.total
    assert total.read == len(lines) == total.landed + total.duplicate + total.rejected
    assert (total.landed, total.duplicate, total.rejected) == (7, 1, 7)
    desk.warehouse.execute(f"export database '{tmp_path / 'exported'}' (format csv)")
    exported = b"".join(file.read_bytes() for file in (tmp_path / "exported").iterdir())
    assert b"withheld at the door" in exported
    assert SECRET.encode() not in exported
    assert hashlib.sha256(SECRET.encode()).hexdigest().encode() not in exported
    assert _hash(SECRET).encode() in exported
    desk.warehouse.execute("checkpoint")
    assert SECRET.encode() not in (desk.folder / "warehouse.duckdb").read_bytes()


def test_the_same_value_has_the_same_hash_everywhere(desk: Desk) -> None:
    (desk.folder / "weft.yml").write_text(DOOR_YML)
    desk.land(identify(userId="7", traits={"ssn": 7}, context={"traits": {"ssn": "7"}}))
    (row,) = desk.rows("select user_id, ssn, context_traits_ssn from web.identifies")
    assert set(row.values()) == {_hash("7")}
    assert desk.values("select id from web.users") == [_hash("7")]


def test_a_value_without_its_new_name_is_a_discard(desk: Desk) -> None:
    (desk.folder / "weft.yml").write_text(DOOR_YML)
    taken = track(messageId="m", properties={"cc": "visa", "kind": "amex"})
    assert desk.land(taken, taken, track(properties={"cc": "visa"})).discards == 1
    (row,) = desk.rows("select * from weft.discards")
    assert (row["table_name"], row["column_name"], row["column_value"], row["row_id"]) == (
        "tracks",
        "kind",
        "visa",
        "m",
    )
    assert sorted(desk.values("select kind from web.signed_up")) == ["amex", "visa"]


def test_without_the_salt_nothing_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.folder / "weft.yml").write_text(DOOR_YML)
    monkeypatch.delenv("WEFT_HASH_SALT")
    with pytest.raises(ConfigurationError, match="WEFT_HASH_SALT"):
        desk.land(track())
    assert desk.values("select count(*) from weft.loads") == [0]
