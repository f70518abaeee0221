"""The functions that weft's SQL calls in each dialect, as far as vendors are known to have them.

A statement that calls another one fails its test: look it up, then add it, or teach
``warehouse/engines/compiled_words.py`` what that engine says instead.
"""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_EVERYWHERE = words("""
    ABS ANY_VALUE CAST CHR COALESCE CONCAT COUNT GREATEST LAG LEAST LENGTH LOWER LTRIM MAX MD5 MIN
    MOD NULLIF RANK REGEXP_REPLACE REPLACE ROW_NUMBER RTRIM SIGN SUBSTRING SUM TRIM UPPER
""")
FUNCTIONS: dict[str, frozenset[str]] = {
    "snowflake": _EVERYWHERE
    | words("""
        ARRAY_AGG ARRAY_CONTAINS ARRAY_SORT BOOLOR_AGG CONTAINS CURRENT_DATABASE DATE_PART ENDSWITH
        FLATTEN GET GREATEST_IGNORE_NULLS HASH_AGG IFF LEAST_IGNORE_NULLS PARSE_JSON REGEXP_INSTR
        REGEXP_LIKE SHA2 STARTSWITH TO_JSON TO_VARIANT TRUNC TRY_CAST TRY_PARSE_JSON
    """),
    "bigquery": _EVERYWHERE
    | words("""
        ARRAY_AGG BIT_XOR DIV ENDS_WITH FARM_FINGERPRINT IF JSON_VALUE_ARRAY LOGICAL_OR
        REGEXP_CONTAINS SAFE_CAST SAFE_OFFSET SHA256 STARTS_WITH STRPOS STRUCT TIMESTAMP TO_HEX
        TO_JSON_STRING UNIX_MICROS UNNEST
    """),
    "databricks": _EVERYWHERE
    | words("""
        ARRAY ARRAY_CONTAINS ARRAY_SORT BIT_XOR BOOL_OR COLLECT_LIST CONTAINS CURRENT_CATALOG
        ENDSWITH EXPLODE FROM_JSON REGEXP_LIKE SHA2 STARTSWITH STRUCT TO_JSON TRY_CAST UNIX_MICROS
        XXHASH64
    """),
    "redshift": _EVERYWHERE
    | words("""
        BOOL_OR CURRENT_DATABASE DATEDIFF JSON_PARSE JSON_SERIALIZE LEFT LEN LISTAGG POSITION RIGHT
        SHA2 SPLIT_PART SPLIT_TO_ARRAY STRPOS STRTOL TRUNC TRY_CAST
    """),
}
"""By dialect the functions that its vendor documents."""

GAPS: dict[str, frozenset[str]] = {
    # Traits that keep a last value take the greatest of several structs.
    "snowflake": frozenset(("OBJECT_CONSTRUCT",)),
    "bigquery": frozenset(),
    "databricks": frozenset(),
    "redshift": frozenset(("STRUCT",)),
}
"""By dialect what is called although the engine has nothing to answer: docs name each gap."""
