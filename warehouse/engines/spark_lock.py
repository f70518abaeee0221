"""Who works in a Spark warehouse whose metastore many processes may open: a table says it.

A metastore makes a table once, whoever asks: who has made ``weft.in_use`` works in the warehouse,
and drops it afterwards.
"""

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import LockedError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TABLE = "weft.in_use"
_HOLDER = "weft.holder"


def take_lock(spark: "SparkSession", place: str) -> None:
    """Make the table. Raises LockedError when another process has; one that died here has not."""
    from pyspark.errors import AnalysisException

    spark.sql("create schema if not exists weft")
    host, number = socket.gethostname(), os.getpid()
    for last in (False, True):
        try:
            spark.sql(
                f"create table {_TABLE} (nothing string) using parquet"
                f" tblproperties ('{_HOLDER}' = '{_plain(f'{host} {number} {_command()}')}')"
            )
            return
        except AnalysisException as error:
            if error.getCondition() != "TABLE_OR_VIEW_ALREADY_EXISTS":
                raise
        holder = _holder(spark)
        if last or holder is None or not _has_died(*holder[:2]):
            who = f"process {holder[1]} on {holder[0]} ({holder[2]})" if holder else "another one"
            raise LockedError(
                f"The warehouse {place} is in use by {who}; wait until it has finished, or, if "
                f"that process is no more, drop the table {_TABLE}."
            )
        give_lock_back(spark)


def give_lock_back(spark: "SparkSession") -> None:
    """Drop the table."""
    spark.sql(f"drop table if exists {_TABLE}")


def _holder(spark: "SparkSession") -> tuple[str, str, str] | None:
    """Host, number and command of the process that has made the table."""
    rows = spark.sql(f"show tblproperties {_TABLE}").collect()
    found = {row["key"]: row["value"] for row in rows}.get(_HOLDER)
    if found is None:
        return None
    host, number, command = found.split(" ", 2)
    return host, number, command


def _has_died(host: str, number: str) -> bool:
    """Whether a process of this machine is no more; of another machine nobody here can tell."""
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:]])[:80].strip()


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("\\", "?").replace("'", "?")
