"""Payloads are taken apart without touching a number."""

import json

from hypothesis import given
from hypothesis import strategies as st

from reverse_etl.values import changed_fields, fragments, plain

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.dictionaries(st.text(), JSON))
def test_fragments_put_together_are_the_payload(fields: dict[str, object]) -> None:
    payload = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    parts = fragments(payload)
    joined = ",".join(
        f"{json.dumps(name, ensure_ascii=False)}:{text}" for name, text in parts.items()
    )
    assert "{" + joined + "}" == payload


def test_numbers_keep_their_digits() -> None:
    assert fragments('{"a":1.10,"b":12345678901234567890.123456789}') == {
        "a": "1.10",
        "b": "12345678901234567890.123456789",
    }


def test_plain_text() -> None:
    assert [plain(text) for text in (None, "null", '"a\\"b"', "1.5", "[1]")] == [
        None,
        None,
        'a"b',
        "1.5",
        "[1]",
    ]


def test_changed_fields_have_the_old_and_the_new_value() -> None:
    assert changed_fields('{"a":1,"b":2}', '{"b":3,"c":null}') == {
        "a": ("1", None),
        "b": ("2", "3"),
        "c": (None, None),
    }
