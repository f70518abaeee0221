"""PostgreSQL's types under the names that weft's SQL has for them, which are DuckDB's."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_NAMES = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "text": "VARCHAR",
    "character varying": "VARCHAR",
    "character": "VARCHAR",
    "citext": "VARCHAR",
    "name": "VARCHAR",
    "uuid": "UUID",
    "json": "JSON",
    "jsonb": "JSON",
    "bytea": "BLOB",
    "date": "DATE",
    "interval": "INTERVAL",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    # A number without a scale of its own may have any.
    "numeric": "DECIMAL(38,9)",
}
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_MODIFIER = re.compile(r"\(\d+(,-?\d+)?\)")


def type_name(native: str) -> str:
    """The name of a type as ``format_type`` gives it; of one DuckDB lacks, that in capitals."""
    if native.endswith("[]"):
        return f"{type_name(native[:-2])}[]"
    decimal = _NUMERIC.fullmatch(native)
    if decimal:
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    # A timestamp(3) or a character varying(20) is of the same kind as one without.
    plain = " ".join(_MODIFIER.sub("", native).split())
    return _NAMES.get(plain, plain.upper())


def arrow_type(name: str) -> "pa.DataType | None":
    """The Arrow type in which values of a type are copied into PostgreSQL, None where as given."""
    import pyarrow as pa

    if name.endswith("[]"):
        items = arrow_type(name[:-2])
        return None if items is None else pa.list_(items)
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", name)
    if decimal:
        return pa.decimal128(min(int(decimal[1]), 38), int(decimal[2]))
    types = {
        "SMALLINT": pa.int16(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "FLOAT": pa.float32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "VARCHAR": pa.string(),
        "JSON": pa.string(),
        "BLOB": pa.binary(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    }
    return types.get(name)
