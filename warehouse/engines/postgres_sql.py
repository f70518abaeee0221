"""weft's SQL, which is DuckDB's, as PostgreSQL takes it.

sqlglot carries over what is only spelt otherwise. The rest is here, and nowhere else: statements
PostgreSQL lacks, and functions whose result would differ in a byte from DuckDB's. What a value
looks like as text enters hashes and ids, so these are exact: numbers, JSON strings, blanks.
"""

import re
from collections.abc import Iterator
from functools import lru_cache, partial

import sqlglot
from sqlglot import exp

from warehouse.engines.sql_rules import (
    BLANKS,
    CHECKSUM,
    PARAMETER,
    Rule,
    apply_rules,
    group_by_all,
    numbered,
    template,
)

_FILLING = re.compile(
    r"\s*(?:insert\s+into|create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?table)\s+"
    r"((?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?)",
    re.IGNORECASE,
)


@lru_cache(maxsize=2_000)
def filled_table(sql: str) -> str | None:
    """The table that a statement on DuckDB fills from a query, as its name stands there."""
    found = _FILLING.match(sql)
    return found[1] if found else None


@lru_cache(maxsize=2_000)
def translate(sql: str, collation: str | None = None) -> tuple[str, ...]:
    """The statements that do on PostgreSQL what one statement does on DuckDB.

    ``?`` becomes ``$1`` and so on. Columns of text that are created get the ``collation``.
    """
    tree = sqlglot.parse_one(numbered(sql), read="duckdb")
    for statement in list(tree.find_all(exp.Select)):
        group_by_all(statement)
        _name_subqueries(statement)
    tree = apply_rules(tree, _RULES)
    if collation is not None:
        for column in tree.find_all(exp.ColumnDef):
            _collate(column, collation)
    return tuple(_statements(tree))


def _statements(tree: exp.Expr) -> Iterator[str]:
    """The text of a statement. A table or view that replaces another is dropped and made."""
    if isinstance(tree, exp.Create) and tree.args.get("replace"):
        # What is created may come with its columns.
        name = (tree.this.this if isinstance(tree.this, exp.Schema) else tree.this).copy()
        if tree.find(exp.TemporaryProperty):
            # Of a permanent table of this name nothing is known here.
            name.set("db", exp.to_identifier("pg_temp"))
        yield f"drop {tree.kind} if exists {name.sql(dialect='postgres')}"
        tree.set("replace", False)
    yield tree.sql(dialect="postgres")


def _name_subqueries(select: exp.Select) -> None:
    """Before version 16 every query after ``from`` needs a name."""
    sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
    for number, source in enumerate(sources):
        query = source.this if source is not None else None
        if isinstance(query, exp.Subquery) and not query.alias:
            query.set("alias", exp.TableAlias(this=exp.to_identifier(f"weft_from_{number}")))


def _collate(column: exp.ColumnDef, collation: str) -> None:
    kind = column.args.get("kind")
    if kind is not None and kind.this in exp.DataType.TEXT_TYPES:
        constraint = exp.CollateColumnConstraint(this=exp.to_identifier(collation, quoted=True))
        column.append("constraints", exp.ColumnConstraint(kind=constraint))


_template = partial(template, dialect="postgres")


_ends_with = _template("right(:one, length(:other)) = :other")
_contains = _template("position(:other in :one) > 0")
_sha256 = _template("encode(sha256(convert_to(:one, 'UTF8')), 'hex')")
# PostgreSQL breaks the lines of base64.
_base64 = _template("translate(encode(:one, 'base64'), chr(10), '')")
_trimmed = _template(f"btrim(:one, '{BLANKS}')")
_is_finite = _template("lower(cast(:one as text)) not in ('nan', 'infinity', '-infinity')")
_overlaps = _template("(:one && :other)")
_any_value = _template("(array_agg(:one) filter (where :one is not null))[1]")
_latest = _template(
    "(array_agg(:one order by :other desc)"
    " filter (where :one is not null and :other is not null))[1]"
)
_earliest = _template(
    "(array_agg(:one order by :other) filter (where :one is not null and :other is not null))[1]"
)
_checksum = _template("cast(bit_xor(cast(('x' || md5(:one)) as bit(128))) as text)")
_fully_matches = _template("(:one ~ ('^(?:' || :other || ')$'))")
# DuckDB writes the escapes of control characters in capitals.
_json_string = _template(
    """
    case
        when :one ~ '[\\x0b\\x0e\\x0f\\x1a-\\x1f]' then '"' || (
            select string_agg(
                case
                    when letter ~ '[\\x0b\\x0e\\x0f\\x1a-\\x1f]'
                        then '\\u' || upper(substr(cast(to_json(letter) as text), 4, 4))
                    else substr(
                        cast(to_json(letter) as text), 2,
                        length(cast(to_json(letter) as text)) - 2
                    )
                end, '' order by place
            )
            from regexp_split_to_table(:one, '') with ordinality as letters(letter, place)
        ) || '"'
        else cast(to_json(:one) as text)
    end
    """
)
_item_texts = _template(
    "case when :one is not null then array("
    "select :other from unnest(:one) with ordinality as items(item, place) order by place"
    ") end"
)

_FIFTEEN, _SIXTEEN = "9.99999999999999EEEE", "9.999999999999999EEEE"


def _shortened(form: str) -> str:
    """A large number in fewer digits, null where that is another number."""
    text = f"to_char(cast(cast(:one as text) as numeric), '{form}')"
    digits = f"rtrim(rtrim(split_part({text}, 'e', 1), '0'), '.')"
    return (
        f"case when cast({text} as double precision) = :one"
        f" then ltrim({digits} || 'e' || split_part({text}, 'e', 2), ' ') end"
    )


# Both write the shortest digits that read back as the same number, but PostgreSQL goes over to
# exponents earlier, writes no ".0", and takes one digit more at some edges beyond 2^53.
_number_text = _template(
    f"""
    case
        when abs(:one) >= 1e16 and abs(:one) < 1e23 then coalesce(
            {_shortened(_FIFTEEN)}, {_shortened(_SIXTEEN)}, cast(:one as text)
        )
        when cast(:one as text) ~ '^-?(Infinity|NaN)$' then replace(
            lower(cast(:one as text)), 'infinity', 'inf'
        )
        when cast(:one as text) ~ 'e\\+' and abs(:one) < 1e16 then
            case
                when cast(cast(cast(:one as text) as numeric) as text) ~ '\\.'
                    then cast(cast(cast(:one as text) as numeric) as text)
                else cast(cast(cast(:one as text) as numeric) as text) || '.0'
            end
        when cast(:one as text) ~ '[.e]' then cast(:one as text)
        else cast(:one as text) || '.0'
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


def _anonymous(node: exp.Expr) -> exp.Expr | None:
    rule = _NAMED_RULES.get(str(node.this).lower())
    return rule(node) if rule else None


def _transform(node: exp.Expr) -> exp.Expr | None:
    """A function of each item of a list; null where there is no list."""
    function = node.args["expression"]
    name = function.expressions[0].name
    body = function.this.copy()
    for one in [body, *body.find_all(exp.Identifier, exp.Column)]:
        if isinstance(one, exp.Identifier) and one.name == name and one.parent is not None:
            one.replace(exp.to_identifier("item"))
    if isinstance(body, exp.Identifier) and body.name == name:
        body = exp.column("item")
    return _item_texts(exp.Transform(this=node.this, expression=body))


def _struct_extract(node: exp.Expr) -> exp.Expr:
    field = exp.to_identifier(node.args["expression"].name, quoted=True)
    return exp.Dot(this=exp.Paren(this=node.this.copy()), expression=field)


def _array(node: exp.Expr) -> exp.Expr | None:
    """An empty list has no type of its own, and texts are what weft's lists hold."""
    return None if node.expressions else sqlglot.parse_one("cast('{}' as text[])", read="postgres")


def _parameter(node: exp.Expr) -> exp.Expr:
    return exp.Parameter(this=exp.Literal.number(node.name.removeprefix(PARAMETER)))


def _ignore_nulls(node: exp.Expr) -> exp.Expr | None:
    return _any_value(node.this) if isinstance(node.this, exp.AnyValue) else None


_WIDE_INTEGERS = {
    exp.DataType.Type.INT128: "decimal(39, 0)",
    exp.DataType.Type.UINT128: "decimal(39, 0)",
    exp.DataType.Type.UBIGINT: "decimal(20, 0)",
    exp.DataType.Type.UINT: "bigint",
    exp.DataType.Type.USMALLINT: "integer",
    exp.DataType.Type.UTINYINT: "smallint",
    exp.DataType.Type.TINYINT: "smallint",
}


def _type(node: exp.Expr) -> exp.Expr | None:
    """A type of integers that PostgreSQL lacks."""
    name = _WIDE_INTEGERS.get(node.this)
    return exp.DataType.build(name, dialect="postgres") if name else None


_NAMED_RULES = {"to_json": _json_string, "isfinite": _is_finite, CHECKSUM: _checksum}
_RULES: dict[type[exp.Expr], Rule] = {
    exp.Anonymous: _anonymous,
    exp.ArgMax: _latest,
    exp.ArgMin: _earliest,
    exp.Array: _array,
    exp.ArrayOverlaps: _overlaps,
    exp.Cast: _cast,
    exp.Contains: _contains,
    exp.DataType: _type,
    exp.EndsWith: _ends_with,
    exp.IgnoreNulls: _ignore_nulls,
    exp.Placeholder: _parameter,
    exp.RegexpFullMatch: _fully_matches,
    exp.SHA2: _sha256,
    exp.StructExtract: _struct_extract,
    exp.ToBase64: _base64,
    exp.Transform: _transform,
    exp.Trim: _trim,
}
