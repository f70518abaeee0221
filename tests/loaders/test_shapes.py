"""Paths of many documents: found by comparing shapes, as if each had been taken apart."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders import shapes
from loaders.structure import (
    ARRAY,
    EMPTY,
    OBJECT,
    DocumentTooDeepError,
    Path,
    read_paths,
)

Found = Mapping[int, Sequence[Path]]

KEYS = st.sampled_from(["a", "b", "a/b", "~", 'q"', ':":', "[", "é"])
SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(0, 1) | st.sampled_from("a[{:")
VALUES = st.recursive(
    SCALARS | st.just('":'),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(KEYS, values, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    monkeypatch.setattr(shapes, "_FIRST_ROWS", 3)
    return duckdb.connect()


def fill(parser: duckdb.DuckDBPyConnection, documents: Sequence[tuple[int, str | None]]) -> None:
    parser.execute(
        "create or replace table documents (number integer, call integer, document varchar)"
    )
    rows = [(number, *row) for number, row in enumerate(documents)]
    parser.executemany("insert into documents values (?, ?, ?)", rows)


def compact(document: Any) -> str:
    """As documents arrive: DuckDB writes them without blanks."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def values_at(found: Found) -> dict[tuple[int, tuple[str, ...]], frozenset[str]]:
    """Kinds by path. That an object is empty now and then is nobody's concern."""
    return {
        (number, path.keys): path.kinds - {EMPTY} if OBJECT in path.kinds else path.kinds
        for number, paths in found.items()
        for path in paths
    }


# One connection serves all examples: each begins with a table of its own.
PARSER = duckdb.connect()


@given(st.lists(st.tuples(st.integers(0, 2), st.none() | DOCUMENTS), min_size=1, max_size=12))
def test_shapes_tell_what_taking_apart_tells(rows: list[tuple[int, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "_FIRST_ROWS", 3)
        fill(PARSER, [(call, None if one is None else compact(one)) for call, one in rows])
        found = shapes.find_paths(PARSER, "document", "documents", "call", "odd")
        exact = read_paths(PARSER, "document", "documents", "call")
        assert values_at(found) == values_at(exact)
        assert all(
            [path.keys for path in paths] == sorted(path.keys for path in paths)
            for paths in found.values()
        )


def story(parser: duckdb.DuckDBPyConnection, last: str) -> dict[tuple[str, ...], frozenset[str]]:
    """The paths of many documents that are alike, and one that is not."""
    alike = compact({"price": 1, "page": {"url": "/"}, "tags": ["x"]})
    fill(parser, [(0, alike)] * 6 + [(0, last)])
    found = shapes.find_paths(parser, "document", "documents", "0", "odd")
    return {path.keys: path.kinds for path in found[0]}


def test_a_key_that_comes_last_is_found(parser: duckdb.DuckDBPyConnection) -> None:
    found = story(parser, '{"price":1,"page":{"url":"/","title":null}}')
    assert found["page", "title"] == {"NULL"}


def test_a_kind_that_comes_last_is_found(parser: duckdb.DuckDBPyConnection) -> None:
    assert story(parser, '{"price":"many"}')["price",] == {"UBIGINT", "VARCHAR"}


def test_what_stands_in_arrays_is_no_path(parser: duckdb.DuckDBPyConnection) -> None:
    found = story(parser, '{"tags":[{"name":"x"},["["]]}')
    assert set(found) == {("price",), ("page",), ("page", "url"), ("tags",)}
    assert found["tags",] == {ARRAY}


def test_an_array_where_none_was_is_found(parser: duckdb.DuckDBPyConnection) -> None:
    assert story(parser, '{"price":[{"net":1}]}')["price",] == {ARRAY, "UBIGINT"}


def test_a_key_given_twice_is_looked_at(parser: duckdb.DuckDBPyConnection) -> None:
    assert ("page", "title") in story(parser, '{"page":{"url":"/"},"page":{"title":"x"}}')


def test_documents_too_deep_are_named_wherever_they_stand(
    parser: duckdb.DuckDBPyConnection,
) -> None:
    for deep in ("[" * 200 + "]" * 200, '{"a":' * 200 + "1" + "}" * 200):
        with pytest.raises(DocumentTooDeepError):
            story(parser, f'{{"tags":{deep}}}')
