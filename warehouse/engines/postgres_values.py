"""Arrow data as ADBC reads it from PostgreSQL, in the types that DuckDB would give."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 38


def plain(table: "pa.Table") -> "pa.Table":
    """A table without extension types: numbers as decimals, UUIDs and JSON as text."""
    import pyarrow as pa

    columns = [_plain(column) for column in table.columns]
    return pa.table(columns, names=table.column_names) if columns else table


def without_nul(reader: "pa.RecordBatchReader") -> "pa.RecordBatchReader":
    """Rows whose texts have U+FFFD where they had a NUL, which PostgreSQL cannot store."""
    import pyarrow as pa

    batches = (_without_nul(batch) for batch in reader)
    return pa.RecordBatchReader.from_batches(reader.schema, batches)


def _without_nul(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, column in enumerate(batch.columns):
        if pa.types.is_string(column.type) and _has_nul(column):
            mended = pc.replace_substring(column, "\0", "\ufffd")
            batch = batch.set_column(place, batch.schema.field(place), mended)
    return batch


def _has_nul(texts: "pa.Array") -> bool:
    """Whether there is a NUL among the bytes of texts, or of those that stand beside them."""
    # Looking at each text costs as much as all else that is done to it.
    values = texts.buffers()[2]
    return values is not None and re.search(rb"\0", memoryview(values)) is not None


def _plain(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    kind = column.type
    if not isinstance(kind, pa.BaseExtensionType):
        return column
    if kind.extension_name == "arrow.opaque" and kind.type_name == "numeric":
        texts = pa.chunked_array([chunk.storage for chunk in column.chunks], pa.string())
        return _decimals(texts)
    if kind.extension_name == "arrow.uuid":
        texts = [None if one is None else str(one) for one in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)


def _decimals(texts: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Numbers of PostgreSQL, which come as text; NaN and infinity are null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.if_else(pc.match_substring_regex(texts, "^-?[0-9]"), texts, None)
    fractions = pc.utf8_length(pc.replace_substring_regex(numbers, r"^[^.]*\.?", ""))
    scale = min(pc.max(fractions).as_py() or 0, _DIGITS)
    return numbers.cast(pa.decimal128(_DIGITS, scale))
