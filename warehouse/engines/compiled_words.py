"""What Snowflake, BigQuery, Databricks and Redshift say where sqlglot has no word for it.

Each text is SQL of its dialect with ``weft_one`` and ``weft_other`` where the operands go. None of
it has run.
"""

from collections.abc import Mapping
from functools import lru_cache

import sqlglot
from sqlglot import exp

Words = Mapping[str, str]

_SNOWFLAKE: Words = {
    # REGEXP_LIKE is anchored at both ends there.
    "matches": "regexp_instr(weft_one, weft_other) > 0",
    "fully matches": "regexp_like(weft_one, weft_other)",
    "microseconds": "date_part(epoch_microsecond, weft_one)",
    "JSON array contains": (
        "coalesce(array_contains(cast(weft_other as variant), try_parse_json(weft_one)), false)"
    ),
    "JSON string": "to_json(to_variant(weft_one))",
    "checksum": "cast(hash_agg(weft_one) as varchar)",
    "is finite": "weft_one not in (cast('nan' as double), cast('inf' as double),"
    " cast('-inf' as double))",
}
_BIGQUERY: Words = {
    "fully matches": "regexp_contains(weft_one, concat('^(?:', weft_other, ')$'))",
    "microseconds": "unix_micros(timestamp(weft_one))",
    "JSON array contains": ("coalesce(weft_other in unnest(json_value_array(weft_one)), false)"),
    "JSON string": "to_json_string(weft_one)",
    "checksum": "cast(bit_xor(farm_fingerprint(weft_one)) as string)",
    "is finite": "not (is_nan(weft_one) or is_inf(weft_one))",
    "sha256": "to_hex(sha256(weft_one))",
    # LEAST and GREATEST are null there when one of their operands is.
    "least": "(select min(one) from unnest(weft_one) as one)",
    "greatest": "(select max(one) from unnest(weft_one) as one)",
    # CONTAINS_SUBSTR takes capitals for small letters there.
    "contains": "strpos(weft_one, weft_other) > 0",
    "database": "@@project_id",
    "overlaps": "exists(select 1 from unnest(weft_one) as one where one in unnest(weft_other))",
}
_DATABRICKS: Words = {
    "matches": "regexp_like(weft_one, weft_other)",
    "fully matches": "regexp_like(weft_one, concat('^(?:', weft_other, ')$'))",
    "microseconds": "unix_micros(cast(weft_one as timestamp))",
    "JSON array contains": (
        "coalesce(array_contains(from_json(weft_one, 'array<string>'), weft_other), false)"
    ),
    "JSON string": ("substring(to_json(array(weft_one)), 2, length(to_json(array(weft_one))) - 2)"),
    "checksum": "cast(bit_xor(xxhash64(weft_one)) as string)",
    "is finite": "not isnan(weft_one) and abs(weft_one) <> cast('infinity' as double)",
    "database": "current_catalog()",
}
_REDSHIFT: Words = {
    "matches": "weft_one ~ weft_other",
    "fully matches": "weft_one ~ ('^(' || weft_other || ')$')",
    "microseconds": "datediff(microsecond, cast('1970-01-01' as timestamp), weft_one)",
    "JSON array contains": "coalesce(strpos(weft_one, '\"' || weft_other || '\"') > 0, false)",
    "JSON string": "json_serialize(cast(weft_one as super))",
    "checksum": (
        "cast(sum(cast(strtol(substring(md5(weft_one), 1, 15), 16) as decimal(38, 0))) as varchar)"
    ),
    "is finite": "cast(weft_one as varchar) not in ('NaN', 'Infinity', '-Infinity')",
    "contains": "strpos(weft_one, weft_other) > 0",
    "starts with": "left(weft_one, len(weft_other)) = weft_other",
    "ends with": "right(weft_one, len(weft_other)) = weft_other",
    "differs": "coalesce(weft_one <> weft_other, (weft_one is null) <> (weft_other is null))",
    "is same": "coalesce(weft_one = weft_other, weft_one is null and weft_other is null)",
}
WORDS: Mapping[str, Words] = {
    "snowflake": _SNOWFLAKE,
    "bigquery": _BIGQUERY,
    "databricks": _DATABRICKS,
    "redshift": _REDSHIFT,
}
"""By sqlglot's name of a dialect what it says for each of weft's operations."""


def said(dialect: str, key: str, one: exp.Expr, other: exp.Expr | None = None) -> exp.Expr | None:
    """What a dialect says for an operation on one operand or two; None where sqlglot knows."""
    if key not in WORDS[dialect]:
        return None
    return fill(_pattern(dialect, key), weft_one=one, weft_other=other)


def fill(pattern: exp.Expr, **operands: exp.Expr | None) -> exp.Expr:
    """A copy of a pattern with operands where their names stand."""
    tree = pattern.copy()
    for column in list(tree.find_all(exp.Column)):
        operand = operands.get(column.name)
        if operand is not None and not column.table:
            column.replace(operand.copy())
    return tree


@lru_cache
def _pattern(dialect: str, key: str) -> exp.Expr:
    return exp.Paren(this=sqlglot.parse_one(WORDS[dialect][key], read=dialect))
