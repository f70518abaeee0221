"""weft's SQL, which is DuckDB's, as Spark takes it (with ANSI arithmetic).

sqlglot carries over what is only spelt otherwise. The rest is here: functions whose result would
differ in a byte from DuckDB's. What changes a table is rewritten in ``spark_changes``.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial

import sqlglot
from sqlglot import exp

from warehouse.engines.sql_rules import (
    BLANKS,
    CHECKSUM,
    PARAMETER,
    Rule,
    apply_rules,
    numbered,
    template,
)

CATALOG = "spark_catalog"
"""The catalog that keeps weft's tables: what ``current_database()`` names."""


@lru_cache(maxsize=2_000)
def parse(sql: str) -> exp.Expr:
    """A statement of weft's as one of Spark's, its parameters numbered. Not to be changed."""
    return apply_rules(sqlglot.parse_one(numbered(sql), read="duckdb"), _RULES)


def write(tree: exp.Expr) -> str:
    """The text of a statement or of a part of it."""
    return tree.sql(dialect="spark")


def name(identifier: str) -> str:
    """An identifier as Spark quotes it."""
    return "`" + identifier.replace("`", "``") + "`"


def fill(tree: exp.Expr, parameters: Sequence[object]) -> tuple[exp.Expr, dict[str, str]]:
    """A copy with its values filled in, and the texts among them, which travel by name."""
    tree, texts = tree.copy(), dict[str, str]()
    for mark in list(tree.find_all(exp.Placeholder)):
        number = mark.name.removeprefix(PARAMETER)
        new = _value(parameters[int(number) - 1], mark, texts)
        if new is not mark:
            mark.replace(new)
    return tree, texts


def _value(value: object, mark: exp.Expr, texts: dict[str, str]) -> exp.Expr:
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int):
        return exp.cast(exp.Literal.number(value), "bigint", dialect="spark")
    if isinstance(value, datetime):
        return _typed(value.isoformat(sep=" "), "timestamp_ntz")
    if isinstance(value, date):
        return _typed(value.isoformat(), "date")
    if isinstance(value, Decimal):
        return _typed(format(value, "f"), "decimal(38, 9)")
    if isinstance(value, float):
        return _typed(repr(value), "double")
    if isinstance(value, (list, tuple)):
        texts[mark.name] = json.dumps(list(value))
        return exp.func("from_json", mark.copy(), exp.Literal.string("array<string>"))
    texts[mark.name] = str(value)
    return mark


def _typed(text: str, kind: str) -> exp.Expr:
    return exp.cast(exp.Literal.string(text), kind, dialect="spark")


_template = partial(template, dialect="spark")

_is_finite = _template("lower(cast(:one as string)) not in ('nan', 'infinity', '-infinity')")
_trimmed = _template(f"trim(both '{BLANKS}' from :one)")
_overlaps = _template("arrays_overlap(:one, :other)")
_fully_matches = _template(r"(:one rlike concat('^(?:', :other, ')\\z'))")
_ends_with = _template("endswith(:one, :other)")
_any_value = _template("any_value(:one, true)")
_latest = _template("max_by(:one, case when :one is not null then :other end)")
_earliest = _template("min_by(:one, case when :one is not null then :other end)")
_json_string = _template(
    "case when :one is not null then substr(to_json(array(cast(:one as string))), 2,"
    " length(to_json(array(cast(:one as string)))) - 2) end"
)
# Sixty bits at a time: more do not fit into a number.
_checksum = _template(
    "cast(bit_xor(cast(conv(substr(md5(:one), 1, 15), 16, 10) as bigint)) as string)"
    " || '-' || cast(bit_xor(cast(conv(substr(md5(:one), 16, 15), 16, 10) as bigint)) as string)"
)

_FORMS = [f"format_string('%.{digits}e', :one)" for digits in (14, 15, 16)]
# Java before 19 may have a digit too many, which rounds up what should be cut off.
_CUT = f"regexp_replace({_FORMS[2]}, '[0-9]e', 'e')"
_SHORTEST = " ".join(
    [
        "case",
        *(f"when cast({form} as double) = :one then {form}" for form in (*_FORMS[:2], _CUT)),
        f"else {_FORMS[2]} end",
    ]
)
_EXPONENT = f"cast(substring_index({_SHORTEST}, 'e', -1) as int)"
_PLAIN = f"rtrim('0', cast(cast({_SHORTEST} as decimal(38, 21)) as string))"
# The fewest digits that read back as the same number; exponents from where DuckDB has them.
_number_text = _template(
    f"""
    case
        when :one is null then null
        when lower(cast(:one as string)) in ('nan', 'infinity', '-infinity')
            then replace(lower(cast(:one as string)), 'infinity', 'inf')
        when :one = 0 then cast(:one as string)
        when {_EXPONENT} between -4 and 15
            then {_PLAIN} || case when endswith({_PLAIN}, '.') then '0' else '' end
        else rtrim('.', rtrim('0', substring_index({_SHORTEST}, 'e', 1))) || 'e'
            || substring_index({_SHORTEST}, 'e', -1)
    end
    """
)


def _cast(node: exp.Expr) -> exp.Expr | None:
    """A number as text, where the statement says that it is one."""
    inner, kind = node.this, node.args["to"].this
    is_text = kind in exp.DataType.TEXT_TYPES and isinstance(inner, exp.Cast)
    is_number = is_text and inner.args["to"].this in exp.DataType.FLOAT_TYPES
    return _number_text(node) if is_number else None


def _trim(node: exp.Expr) -> exp.Expr | None:
    return None if node.args.get("expression") else _trimmed(node)


def _timezone(node: exp.Expr) -> exp.Expr:
    """A moment as UTC without a zone: the session's zone is UTC."""
    moment = node.expressions[1] if isinstance(node, exp.Anonymous) else node.this
    return exp.cast(moment.copy(), "timestamp_ntz", dialect="spark")


def _anonymous(node: exp.Expr) -> exp.Expr | None:
    rule = _NAMED_RULES.get(str(node.this).lower())
    return rule(node) if rule else None


def _array(node: exp.Expr) -> exp.Expr | None:
    """An empty list has no type of its own, and texts are what weft's lists hold."""
    if node.expressions:
        return None
    return sqlglot.parse_one("cast(array() as array<string>)", read="spark")


def _array_agg(node: exp.Expr) -> exp.Expr | None:
    """A list in an order: Spark sorts what it has gathered."""
    if not isinstance(node.this, exp.Order):
        return None
    sorted_by = [one.this.copy() for one in node.this.expressions]
    places = [exp.alias_(one, f"by_{place}") for place, one in enumerate(sorted_by)]
    gathered = exp.func("struct", *places, exp.alias_(node.this.this.copy(), "item"))
    text = f"transform(array_sort(collect_list({write(gathered)})), one -> one.item)"
    return sqlglot.parse_one(text, read="spark")


def _concat(node: exp.Expr) -> exp.Expr | None:
    """Parts that are null are left out, and numbers are written."""
    if not node.args.get("coalesce"):
        return None
    parts = [
        one.copy()
        if isinstance(one, exp.Literal)
        else exp.func("coalesce", exp.cast(one.copy(), "string"), exp.Literal.string(""))
        for one in node.expressions
    ]
    return exp.Concat(expressions=parts, safe=False, coalesce=False)


def _ignore_nulls(node: exp.Expr) -> exp.Expr | None:
    return _any_value(node.this) if isinstance(node.this, exp.AnyValue) else None


_TYPES = {
    exp.DataType.Type.JSON: "string",
    exp.DataType.Type.UUID: "string",
    exp.DataType.Type.INT128: "decimal(38, 0)",
    exp.DataType.Type.UINT128: "decimal(38, 0)",
    exp.DataType.Type.UBIGINT: "decimal(20, 0)",
    exp.DataType.Type.UINT: "bigint",
    exp.DataType.Type.USMALLINT: "int",
    exp.DataType.Type.UTINYINT: "smallint",
    exp.DataType.Type.TIMESTAMPTZ: "timestamp_ltz",
    exp.DataType.Type.TIMESTAMP: "timestamp_ntz",
}


def _type(node: exp.Expr) -> exp.Expr | None:
    """A type under another name."""
    known = _TYPES.get(node.this)
    return exp.DataType.build(known, dialect="spark") if known else None


def _current_database(_: exp.Expr) -> exp.Expr:
    return exp.Literal.string(CATALOG)


_NAMED_RULES: dict[str, Rule] = {
    "to_json": _json_string,
    "isfinite": _is_finite,
    "timezone": _timezone,
    CHECKSUM: _checksum,
}
_RULES: dict[type[exp.Expr], Rule] = {
    exp.Anonymous: _anonymous,
    exp.ArgMax: _latest,
    exp.ArgMin: _earliest,
    exp.Array: _array,
    exp.ArrayAgg: _array_agg,
    exp.ArrayOverlaps: _overlaps,
    exp.AtTimeZone: _timezone,
    exp.Cast: _cast,
    exp.Concat: _concat,
    exp.CurrentDatabase: _current_database,
    exp.DataType: _type,
    exp.EndsWith: _ends_with,
    exp.IgnoreNulls: _ignore_nulls,
    exp.RegexpFullMatch: _fully_matches,
    exp.Trim: _trim,
}
