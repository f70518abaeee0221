"""Spark's types under the names that weft's SQL has for them, which are DuckDB's, and in Arrow."""

import re
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_NAMES = {
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp_ntz": "TIMESTAMP",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ltz": "TIMESTAMP WITH TIME ZONE",
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


def type_name(native: str) -> str:
    """DuckDB's name of a type that Spark calls so; one that DuckDB lacks as sqlglot has it."""
    decimal = _DECIMAL.fullmatch(native)
    if decimal:
        return f"DECIMAL({decimal[1]},{decimal[2]})"
    if native.startswith("array<"):
        return f"{type_name(native[6:-1])}[]"
    if native.startswith(("varchar(", "char(")):
        return "VARCHAR"
    return _NAMES.get(native) or exp.DataType.build(native, dialect="spark").sql(dialect="duckdb")


def columns_of(frame: "DataFrame") -> dict[str, str]:
    """Names and Spark's types of a frame's columns."""
    return {one.name: one.dataType.simpleString() for one in frame.schema.fields}


def arrow_type(native: str) -> "pa.DataType | None":
    """The Arrow type of a column of Spark, None where values are taken as they come."""
    import pyarrow as pa

    if native.startswith("array<"):
        items = arrow_type(native[6:-1])
        return None if items is None else pa.list_(items)
    decimal = _DECIMAL.fullmatch(native)
    if decimal:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    types = {
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "string": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "timestamp_ntz": pa.timestamp("us"),
        "timestamp": pa.timestamp("us", "UTC"),
    }
    return types.get(native)
