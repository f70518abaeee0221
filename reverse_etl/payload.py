"""Key, canonical payload and row hash of a model's row, as SQL.

The canonical payload is the JSON object of the mapped fields, sorted by destination field. Every
value is written here rather than by an engine's own JSON function, because those round: decimals
are exact and without trailing zeros, integers exact at any size, timestamps ISO 8601 in UTC,
text untouched. A value that JSON cannot hold (NaN, infinity) makes the whole payload null, and
the row is invalid.

These are the only expressions of reverse ETL that differ between engines.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from sqlglot import ParseError, exp

from reverse_etl.mapping import Mapping
from warehouse.engines import quote

_Type = exp.DataType.Type
_WHOLE = {*exp.DataType.INTEGER_TYPES, _Type.BIGNUM}
_DECIMALS = {_Type.DECIMAL, _Type.BIGDECIMAL}
_FLOATS = {_Type.FLOAT, _Type.DOUBLE}
_TIMESTAMPS = {
    _Type.TIMESTAMP,
    _Type.TIMESTAMPNTZ,
    _Type.TIMESTAMP_S,
    _Type.TIMESTAMP_MS,
    _Type.TIMESTAMP_NS,
    _Type.DATETIME,
}
_ZONED_TIMESTAMPS = {_Type.TIMESTAMPTZ, _Type.TIMESTAMPLTZ}
_DATES = {_Type.DATE, _Type.DATE32}
_LISTS = {_Type.ARRAY, _Type.LIST}
_INFINITE = {*_FLOATS, *_TIMESTAMPS, *_ZONED_TIMESTAMPS, *_DATES}


def key_text(mapping: Mapping, alias: str) -> str:
    """The key as text: that of its one column, or a JSON array of several.

    Null where a column of the key is null, or where the one column is an empty text.
    """
    columns = [(f"{alias}.{quote(name)}", _type(mapping.types[name])) for name in mapping.key]
    if len(columns) == 1:
        return f"nullif({_text(*columns[0])}, '')"
    # || is null as soon as one part is, which concat would hide.
    parts = " || ',' || ".join(_json(*column) for column in columns)
    return f"'[' || {parts} || ']'"


def payload(mapping: Mapping, alias: str) -> str:
    """The canonical payload as text, null where a value cannot be written as JSON."""
    columns = {
        field: (f"{alias}.{quote(name)}", _type(mapping.types[name]))
        for field, name in mapping.fields.items()
    }
    if not columns:
        return "'{}'"
    members = [(field, *column) for field, column in columns.items()]
    skipped = mapping.skipped_nulls
    text = _object_without_nulls(members, skipped) if skipped else _object(members)
    finite = [
        f"coalesce(isfinite({column}), true)"
        for column, kind in columns.values()
        if kind is not None and kind.this in _INFINITE
    ]
    return f"case when {' and '.join(finite)} then {text} end" if finite else text


def row_hash(mapping: Mapping, alias: str) -> str:
    """The md5 of the canonical payload."""
    return f"md5({payload(mapping, alias)})"


def json_text(column: str) -> str:
    """A text column as a JSON string."""
    return f"cast(to_json({column}) as varchar)"


def hashed_text(text: str) -> str:
    """The SHA-256 of a text, in 64 hexadecimal digits."""
    return f"sha256({text})"


def _type(name: str) -> exp.DataType | None:
    try:
        return exp.DataType.build(name, dialect="duckdb")
    except ParseError:
        return None


def _text(column: str, kind: exp.DataType | None) -> str:
    """A value as plain text, null where it is null."""
    this = kind.this if kind else None
    if kind is not None and this in _FLOATS:
        # It says what it is: engines write such numbers in different ways.
        return f"cast(cast({column} as {kind.sql(dialect='duckdb')}) as varchar)"
    as_text = f"cast({column} as varchar)"
    if this in _DECIMALS:
        has_fraction = kind is not None and _scale(kind) > 0
        return f"rtrim(rtrim({as_text}, '0'), '.')" if has_fraction else as_text
    if this in _TIMESTAMPS:
        return f"replace({as_text}, ' ', 'T') || 'Z'"
    if this in _ZONED_TIMESTAMPS:
        return f"replace(cast(timezone('UTC', {column}) as varchar), ' ', 'T') || 'Z'"
    if this == _Type.VARBINARY:
        return f"to_base64({column})"
    return as_text


def _json(column: str, kind: exp.DataType | None) -> str:
    """A value as JSON text, null where it is null."""
    this = kind.this if kind else None
    if this in _WHOLE or this in _DECIMALS or this in _FLOATS or this == _Type.BOOLEAN:
        return _text(column, kind)
    if this in _TIMESTAMPS or this in _ZONED_TIMESTAMPS or this in _DATES:
        return f"""'"' || {_text(column, kind)} || '"'"""
    if this == _Type.JSON:
        # Kept as it was stored; only line breaks between values go, a payload is one line.
        return f"trim(translate(cast({column} as varchar), chr(9) || chr(10) || chr(13), '   '))"
    if this in _LISTS and kind is not None and kind.expressions:
        item = _json("item", kind.expressions[0])
        items = f"list_transform({column}, lambda item: coalesce({item}, 'null'))"
        return f"'[' || array_to_string({items}, ',') || ']'"
    if this == _Type.STRUCT and kind is not None:
        members = [
            (member.name, f"struct_extract({column}, {_literal(member.name)})", member.args["kind"])
            for member in kind.expressions
        ]
        return f"case when {column} is not null then {_object(members)} end"
    if this == _Type.MAP:
        return f"cast(to_json({column}) as varchar)"
    return f"cast(to_json({_text(column, kind)}) as varchar)"


def _object(members: Sequence[tuple[str, str, exp.DataType | None]]) -> str:
    parts: list[str] = []
    for position, (name, column, kind) in enumerate(members):
        opening = ("," if position else "{") + _json_string(name) + ":"
        parts += [_literal(opening), f"coalesce({_json(column, kind)}, 'null')"]
    return f"concat({', '.join(parts)}, '}}')"


def _object_without_nulls(
    members: Sequence[tuple[str, str, exp.DataType | None]], skipped: AbstractSet[str]
) -> str:
    """As ``_object``; the skipped members are left out where they are null."""
    parts = []
    for name, column, kind in members:
        value = _json(column, kind)
        shown = value if name in skipped else f"coalesce({value}, 'null')"
        # || is null where its value is, and concat_ws leaves nulls out.
        parts.append(f"({_literal(_json_string(name) + ':')} || {shown})")
    return f"'{{' || concat_ws(',', {', '.join(parts)}) || '}}'"


def _scale(kind: exp.DataType) -> int:
    scale = kind.expressions[1].name if len(kind.expressions) > 1 else "0"
    return int(scale)


def _json_string(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
