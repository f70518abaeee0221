"""Engines that weft compiles for and has never run: what they can do, as their vendors say.

Opening one is refused. What is here tells a reader, and whoever makes one of them run, what is
there to build on; ``docs/engines-compiled.md`` is made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.engines.base import Limits


@dataclass(frozen=True)
class CompiledEngine:
    """An engine whose SQL weft's is compiled to.

    ``dialect`` is sqlglot's name and the type of a dbt profile's output, ``adapter`` dbt's package.
    ``limits`` are the vendor's for a table, ``statement`` the most bytes of one statement. The
    other fields are sentences: what stands in place of what weft uses on DuckDB.
    """

    name: str
    dialect: str
    adapter: str
    limits: Limits
    statement: int
    transactions: str
    upsert: str
    temporary_tables: str
    arrow_in: str
    arrow_out: str
    lock: str
    lists: str
    names: str
    missing: tuple[str, ...]
    documents: str


_NO_LIMIT = 2**31

SNOWFLAKE = CompiledEngine(
    name="Snowflake",
    dialect="snowflake",
    adapter="dbt-snowflake",
    limits=Limits(name=255, columns=_NO_LIMIT, values=_NO_LIMIT),
    statement=1_000_000,
    transactions="of several statements over several tables; a statement that defines a table or "
    "view commits what is open",
    upsert="MERGE; keys are declared and not enforced",
    temporary_tables="yes, of a session",
    arrow_in="Parquet in a stage, then COPY INTO",
    arrow_out="batches of the Python connector",
    lock="none of a name: a row in a table of weft's, taken in a transaction",
    lists="ARRAY of variants; lambdas by TRANSFORM and FILTER; an aggregate leaves nulls out",
    names="in capitals unless quoted: QUOTED_IDENTIFIERS_IGNORE_CASE must be true, and weft must "
    "read names in small letters",
    missing=(
        "the greatest of several structs, as a trait that keeps a last value needs it",
        "dbt's schema changes and weft's rows in one transaction",
        "a type of 128 bits: keys of identifiers are texts of 32 letters",
        "FILTER on an aggregate, named windows (both are written otherwise)",
    ),
    documents="https://docs.snowflake.com/en/sql-reference",
)
BIGQUERY = CompiledEngine(
    name="BigQuery",
    dialect="bigquery",
    adapter="dbt-bigquery",
    limits=Limits(name=300, columns=10_000, values=_NO_LIMIT),
    statement=1_048_576,
    transactions="of several statements, in a session or script; permanent tables can be neither "
    "made nor altered within",
    upsert="MERGE; keys are declared and not enforced",
    temporary_tables="yes, of a session or script",
    arrow_in="the Storage Write API, or a load job of Parquet files",
    arrow_out="the Storage Read API",
    lock="none of a name: a conditional update of a row in a table of weft's",
    lists="ARRAY, which holds no null where it is stored; sub-queries over UNNEST for lambdas",
    names="letters, digits and underscores; those of datasets and tables tell capitals from small "
    "letters",
    missing=(
        "the greatest of several structs, as a trait that keeps a last value needs it",
        "information_schema over all datasets: each has its own",
        "the difference of two dates as a number: it is an interval",
        "many small commits: the ledger's one a second meets the limits on changes of a table",
        "FILTER on an aggregate; LEAST and GREATEST that leave nulls out (both are written "
        "otherwise)",
    ),
    documents="https://cloud.google.com/bigquery/docs/reference/standard-sql",
)
DATABRICKS = CompiledEngine(
    name="Databricks",
    dialect="databricks",
    adapter="dbt-databricks",
    limits=Limits(name=255, columns=_NO_LIMIT, values=_NO_LIMIT),
    statement=16_777_216,
    transactions="of one statement on one Delta table; of several as a preview, without "
    "statements that define tables",
    upsert="MERGE on Delta tables; keys are declared and not enforced",
    temporary_tables="on SQL warehouses, as a preview; views elsewhere",
    arrow_in="Parquet in a volume, then COPY INTO",
    arrow_out="batches of the SQL connector",
    lock="none: the protocol of Delta refuses the second of two changes of one file",
    lists="ARRAY; lambdas by TRANSFORM and FILTER; no order inside an aggregate",
    names="in small letters",
    missing=(
        "a transaction over a load's rows, its line and its discards: readers must ask for the "
        "state of a load, as staging does",
        "a commit in less than a second: outcomes go through a local journal, as on Spark",
        "a type of 128 bits: keys of identifiers are texts of 32 letters",
    ),
    documents="https://docs.databricks.com/en/sql/language-manual",
)
REDSHIFT = CompiledEngine(
    name="Redshift",
    dialect="redshift",
    adapter="dbt-redshift",
    limits=Limits(name=127, columns=1_600, values=_NO_LIMIT),
    statement=16_777_216,
    transactions="of several statements over several tables, those that define tables too",
    upsert="MERGE; keys are declared and not enforced",
    temporary_tables="yes, of a session",
    arrow_in="Parquet in S3, then COPY",
    arrow_out="none: rows of the connector, or UNLOAD to Parquet",
    lock="LOCK of a table, for the length of a transaction",
    lists="SUPER; no aggregate makes a list and there is no lambda: texts are joined and split, "
    "64 kB at most",
    names="in small letters, quoted too",
    missing=(
        "the greatest of several structs, as a trait that keeps a last value needs it",
        "a text longer than 64 kB: payloads and rejected lines must be SUPER",
        "an aggregate that makes a list: trait lists longer than 64 kB fail",
        "CREATE OR REPLACE TABLE, FILTER on an aggregate, IS DISTINCT FROM (all are written "
        "otherwise)",
    ),
    documents="https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_SQLCommandRef.html",
)

COMPILED: Mapping[str, CompiledEngine] = {
    engine.dialect: engine for engine in (SNOWFLAKE, BIGQUERY, DATABRICKS, REDSHIFT)
}
"""By the type of a dbt profile's output, the engines that weft compiles for and never runs."""
