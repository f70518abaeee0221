"""Rows as the bytes of a file: CSV, JSON lines, Parquet.

An encoder is fed page by page and gives back what is ready to be written, so that memory does not
grow with the file.
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reverse_etl.destinations.kit.file_base import Encoder
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.values import fragments, plain

if TYPE_CHECKING:
    import pyarrow as pa

_ROW_GROUP_ROWS = 100_000


class CsvEncoder(Encoder):
    r"""A line per row, the names of the columns first.

    Every text is in quotes and nothing else is, so a missing value (nothing) and an empty text
    (``""``) stay apart; quotes inside are doubled, lines end in ``\n``, line breaks inside a text
    stay as they are. Nested values are JSON, as text.
    """

    def __init__(self, fields: Sequence[str], *, operation: bool) -> None:
        self._fields, self._has_operation = fields, operation

    def begin(self) -> bytes:
        """The names of the columns."""
        own = ("operation", "key") if self._has_operation else ("key",)
        return _line([_quoted(name) for name in (*own, *self._fields)])

    def encode(self, rows: Sequence[Row]) -> bytes:
        """One line per row."""
        return b"".join(self._row(row) for row in rows)

    def _row(self, row: Row) -> bytes:
        found = fragments(row.payload)
        own = [_quoted(row.operation)] if self._has_operation else []
        values = [_csv_value(found.get(name)) for name in self._fields]
        return _line([*own, _quoted(row.key), *values])


class JsonLinesEncoder(Encoder):
    """A JSON object per row, values as they are."""

    def __init__(self, *, operation: bool) -> None:
        self._has_operation = operation

    def encode(self, rows: Sequence[Row]) -> bytes:
        """One line per row."""
        if self._has_operation:
            return json_lines(rows)
        return "".join(
            f'{{"key":{row.key_json},"fields":{row.payload}}}\n' for row in rows
        ).encode()


class ParquetEncoder(Encoder):
    """Columns with the types of the model: numbers, decimals, dates and times; all else as text.

    ``types`` are the warehouse's, by field. Times have the zone UTC where the model's have one.
    """

    def __init__(self, types: Mapping[str, str], *, operation: bool) -> None:
        import pyarrow as pa

        self._has_operation = operation
        self._types = {name: _arrow_type(kind) for name, kind in types.items()}
        own = [("operation", pa.string())] if operation else []
        self._schema = pa.schema([*own, ("key", pa.string()), *self._types.items()])
        self._sink = _Sink()
        self._rows: list[Row] = []

    def begin(self) -> bytes:
        """The head of the file."""
        import pyarrow as pa
        from pyarrow import parquet

        self._writer = parquet.ParquetWriter(
            pa.PythonFile(self._sink, mode="w"), self._schema, compression="zstd"
        )
        return self._sink.drain()

    def encode(self, rows: Sequence[Row]) -> bytes:
        """A row group whenever there are enough rows for one."""
        self._rows += rows
        if len(self._rows) >= _ROW_GROUP_ROWS:
            self._write_group()
        return self._sink.drain()

    def end(self) -> bytes:
        """The last row group and the foot of the file."""
        if self._rows:
            self._write_group()
        self._writer.close()
        return self._sink.drain()

    def _write_group(self) -> None:
        import pyarrow as pa

        rows, self._rows = self._rows, []
        found = [fragments(row.payload) for row in rows]
        columns: dict[str, Any] = {}
        if self._has_operation:
            columns["operation"] = pa.array([row.operation for row in rows], pa.string())
        columns["key"] = pa.array([row.key for row in rows], pa.string())
        for name, kind in self._types.items():
            texts = pa.array([plain(one.get(name)) for one in found], pa.string())
            columns[name] = _cast(texts, kind)
        self._writer.write_table(pa.table(columns, schema=self._schema))


def json_lines(rows: Sequence[Row]) -> bytes:
    """Rows as lines of JSON, payloads as they are."""
    return "".join(
        f'{{"operation":"{row.operation}","key":{row.key_json},"fields":{row.payload}}}\n'
        for row in rows
    ).encode()


class _Sink(io.RawIOBase):
    """A file that keeps what was written until it is taken away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def drain(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _arrow_type(name: str) -> "pa.DataType":
    """The type of a column for one of the warehouse's types; text where JSON has no equal."""
    import pyarrow as pa
    from sqlglot import ParseError, exp

    kinds = exp.DataType.Type
    try:
        found = exp.DataType.build(name, dialect="duckdb")
    except ParseError:
        return pa.string()
    if found.this == kinds.DECIMAL and len(found.expressions) == 2:
        precision, scale = (int(part.name) for part in found.expressions)
        return pa.decimal128(precision, scale)
    simple = {
        kinds.BOOLEAN: pa.bool_(),
        kinds.TINYINT: pa.int64(),
        kinds.SMALLINT: pa.int64(),
        kinds.INT: pa.int64(),
        kinds.BIGINT: pa.int64(),
        kinds.FLOAT: pa.float64(),
        kinds.DOUBLE: pa.float64(),
        kinds.DATE: pa.date32(),
        kinds.UTINYINT: pa.int64(),
        kinds.USMALLINT: pa.int64(),
        kinds.UINT: pa.int64(),
        kinds.UBIGINT: pa.uint64(),
        **dict.fromkeys((kinds.TIMESTAMP, kinds.TIMESTAMPNTZ, kinds.DATETIME), pa.timestamp("us")),
        **dict.fromkeys((kinds.TIMESTAMPTZ, kinds.TIMESTAMPLTZ), pa.timestamp("us", "UTC")),
    }
    return simple.get(found.this, pa.string())


def _cast(texts: "pa.Array", kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(kind):
        # The canonical text of a time ends in Z, whether or not its column has a zone.
        return pc.cast(pc.cast(texts, pa.timestamp("us", "UTC")), kind)
    return pc.cast(texts, kind)


def _csv_value(fragment: str | None) -> str:
    text = plain(fragment)
    if text is None or fragment is None:
        return ""
    return _quoted(text) if fragment[0] in '"[{' else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _line(values: Sequence[str]) -> bytes:
    return (",".join(values) + "\n").encode()
