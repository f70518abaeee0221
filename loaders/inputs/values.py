"""A file as JSON values: in arrays, one after the other, or in batches as trackers send them."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

Texts = tuple[pa.Array, str | None]
"""Texts of values in a row, and the fault that all of them have."""

_ROWS = 50_000
_BLOCK_CHARACTERS = 8 * 1024 * 1024
_OPENING = 4096

# What an item of a batch takes from it where it has none of its own.
_MERGED = ("context", "integrations")
_INHERITED = ("sentAt", "receivedAt", *_MERGED)


def read(path: Path, fault: str | None = None) -> Iterator[Texts]:
    """The values of a file in order, a batch as its items; what is no value is a fault.

    ``fault`` says what else is wrong with the file: its rest bears that name.
    """
    engine = duckdb.connect()
    try:
        if fault is None and (form := _form(path)) and _is_sound(engine, path, form):
            rows = f"(select json from {_objects(path, form)})"
            for batch in engine.sql(_unpack(rows)).to_arrow_reader(_ROWS):
                yield batch.column(0).cast(pa.large_string()), None
        else:
            yield from _read_damaged(engine, path, fault)
    finally:
        engine.close()


def _form(path: Path) -> str | None:
    """The form in which DuckDB reads the file; None when there is nothing to be read."""
    with path.open("rb") as file:
        start = file.read(_OPENING).removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        return None
    return "array" if start.startswith(b"[") else "unstructured"


def _objects(path: Path, form: str) -> str:
    name = str(path).replace("'", "''")
    return f"read_json_objects('{name}', format = '{form}', compression = 'none')"


def _is_sound(engine: duckdb.DuckDBPyConnection, path: Path, form: str) -> bool:
    """Whether DuckDB reads the file to its end: it stops at the first mistake."""
    try:
        engine.execute(f"select count(*) from {_objects(path, form)}").fetchall()
    except duckdb.Error:
        return False
    return True


def _unpack(rows: str) -> str:
    """SQL for values of which the batches give way to their items, in order.

    ``rows`` is SQL for a table with the column ``json``. An item takes the times of its batch
    where it has none, and the context of the batch below its own.
    """
    paths = ", ".join(f"'$.{key}'" for key in _INHERITED)
    return f"""
        with parts as ({_parts(rows)}),
        unpacked as (select unnest(parts) as item, * exclude (parts) from parts),
        members as (
            select
                *,
                case when is_batch and left(item, 1) = '{{'
                    then json_extract(item, [{paths}])::varchar[]
                end as own
            from unpacked
        ),
        additions as (
            select *, case when own is not null then {_added()} else '' end as added
            from members
        ),
        completed as (
            select
                * replace (
                    case
                        when added = '' then item
                        when item = '{{}}' then '{{' || substr(added, 2) || '}}'
                        else '{{' || substr(added, 2) || ',' || substr(item, 2)
                    end as item
                )
            from additions
        )
        select {_replaced()} as item from completed
    """


def _parts(rows: str) -> str:
    """SQL for values as lists: a batch is that of its items, and comes with what these inherit."""
    # Once per batch: its text is long, and its items are many.
    given = ", ".join(
        f"nullif(json_extract(batch, '$.{key}')::varchar, 'null') as batch_{key}"
        for key in _INHERITED
    )
    return f"""
        select
            case
                when batch is null then [json]
                else json_extract(batch, '$.batch[*]')::varchar[]
            end as parts,
            batch is not null as is_batch,
            {given}
        from (
            select
                json::varchar as json,
                case
                    when contains(json, '"batch"') and json_valid(json)
                        and json_type(json, '$.batch') = 'ARRAY'
                    then json
                end as batch
            from {rows}
        )
    """


def _added() -> str:
    """SQL for the members that an item takes from its batch because it has no such key."""
    members = (
        f"""case when own[{place}] is null then ',"{key}":' || batch_{key} end"""
        for place, key in enumerate(_INHERITED, start=1)
    )
    return f"concat({', '.join(members)})"


def _replaced() -> str:
    """SQL for an item in which the batch stands for a null, and below an object."""
    item = "item"
    for place, key in enumerate(_INHERITED, start=1):
        condition = f"own[{place}] = 'null'"
        value = f"batch_{key}::json"
        if key in _MERGED:
            merged = f"json_merge_patch(batch_{key}, own[{place}])"
            value = f"case when {condition} then {value} else {merged} end"
            condition = f"({condition} or left(own[{place}], 1) = '{{')"
        taken = f"json_set({item}, '$.{key}', {value})::varchar"
        item = f"case when batch_{key} is not null and {condition} then {taken} else {item} end"
    return item


def _read_damaged(
    engine: duckdb.DuckDBPyConnection, path: Path, fault: str | None
) -> Iterator[Texts]:
    """The values before a mistake, one by one, and what follows it as one text."""
    texts: list[str] = []
    characters = 0
    for text, is_value in _decode(path, fault is not None):
        if not is_value:
            yield from _unpacked(engine, texts)
            texts = []
            yield pa.array([text], pa.large_string()), fault or "not valid JSON"
            continue
        texts.append(text)
        characters += len(text)
        if characters > _BLOCK_CHARACTERS:
            yield from _unpacked(engine, texts)
            texts, characters = [], 0
    yield from _unpacked(engine, texts)


def _unpacked(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> Iterator[Texts]:
    if texts:
        engine.register("decoded", pa.table({"json": pa.array(texts, pa.large_string())}))
        table = engine.sql(_unpack("decoded")).to_arrow_table()
        yield table.column(0).cast(pa.large_string()).combine_chunks(), None


def _decode(path: Path, is_damaged: bool) -> Iterator[tuple[str, bool]]:
    """Values as they are written, then what is none. Only a damaged file is read this slowly."""
    decoder = json.JSONDecoder()
    with path.open(encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        text, in_array = file.read(_BLOCK_CHARACTERS), False
        while True:
            separators = " \t\r\n," if in_array else " \t\r\n"
            text = text.lstrip(separators)
            if text.startswith("]" if in_array else "["):
                text, in_array = text[1:], not in_array
                continue
            end = _end_of_value(decoder, text)
            if end is None or end == len(text):
                more = file.read(max(_BLOCK_CHARACTERS, len(text)))
                if more:
                    text += more
                    continue
            if end is None:
                if text or in_array or is_damaged:
                    yield text, False
                return
            yield text[:end], True
            text = text[end:]


def _end_of_value(decoder: json.JSONDecoder, text: str) -> int | None:
    try:
        return decoder.raw_decode(text)[1]
    except (ValueError, RecursionError):
        return None
