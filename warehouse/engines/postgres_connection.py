"""How a PostgreSQL database is reached, and who may work in it at a time."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

from warehouse.errors import ConfigurationError, LockedError, WeftError

# The lock of this number in a database is weft's: its name in hexadecimal.
_LOCK = 0x77656674
# A process that died holds its lock until the server has noticed.
_PATIENCE = "1s"
_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "client_min_messages": "warning",
}
_PASSED_ON = ("sslmode", "sslcert", "sslkey", "sslrootcert", "keepalives_idle", "connect_timeout")


@dataclass(frozen=True)
class Address:
    """Where a database is and how to sign in; what dbt has no word for is left to libpq."""

    settings: Mapping[str, str]
    role: str | None

    @property
    def place(self) -> str:
        """The database for people: its name at its host and port."""
        return f"{self.settings['dbname']} at {self.settings['host']}:{self.settings['port']}"

    @property
    def conninfo(self) -> str:
        """The connection string of libpq."""
        return " ".join(f"{name}={_quoted(value)}" for name, value in self.settings.items())


def read_address(output: Mapping[str, Any]) -> Address:
    """The address in a dbt profile's output. Raises ConfigurationError where a part is missing."""
    named = {
        "host": output.get("host"),
        "port": output.get("port", 5432),
        "user": output.get("user"),
        "password": output.get("password", output.get("pass")),
        "dbname": output.get("dbname", output.get("database")),
    }
    for name in ("host", "user", "dbname"):
        if not named[name]:
            raise ConfigurationError(
                f"The profile's target of type postgres has no {name}; add it to profiles.yml."
            )
    settings = {name: str(value) for name, value in named.items() if value is not None}
    settings["connect_timeout"] = "10"
    settings |= {name: str(output[name]) for name in _PASSED_ON if output.get(name)}
    settings["application_name"] = _who()
    session = dict(_SETTINGS)
    if output.get("search_path"):
        session["search_path"] = str(output["search_path"])
    settings["options"] = " ".join(
        f"-c {name}={_escaped(value)}" for name, value in session.items()
    )
    role = output.get("role")
    return Address(settings, str(role) if role else None)


def connect(address: Address) -> Any:
    """A connection (ADBC, each statement its own transaction).

    Raises ConfigurationError when the package is missing, WeftError when the server is out of
    reach or refuses.
    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise ConfigurationError(
            "The target is a PostgreSQL database, for which a package is missing; "
            "install it with: pip install 'weft[postgres]'."
        ) from None
    try:
        connection = dbapi.connect(address.conninfo, autocommit=True)
        if address.role:
            run(connection, "set role " + '"' + address.role.replace('"', '""') + '"')
    except dbapi.Error as error:
        cause = " ".join(str(error).split()).rstrip(".")
        raise WeftError(f"The warehouse {address.place} cannot be reached: {cause}.") from None
    return connection


def run(connection: Any, sql: str) -> int:
    """Run one statement as it stands; the number of rows it changed, or -1."""
    with connection.cursor() as cursor:
        cursor.adbc_statement.set_sql_query(sql)
        return int(cursor.adbc_statement.execute_update())


def ask(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a small query as it stands."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


class Hold:
    """This process's lock on a database, shared by all its connections."""

    _held: ClassVar[dict[str, "Hold"]] = {}
    _turn: ClassVar[Lock] = Lock()

    def __init__(self, address: Address) -> None:
        self._connection = connect(address)
        self.users = 0
        try:
            self._take(address)
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def take(cls, address: Address) -> None:
        """Take the lock, or one use more of it. Raises LockedError when another process has it."""
        with cls._turn:
            hold = cls._held.get(address.conninfo) or cls(address)
            cls._held[address.conninfo] = hold
            hold.users += 1

    @classmethod
    def give_back(cls, address: Address) -> None:
        """End one use of the lock; after the last it is free."""
        with cls._turn:
            hold = cls._held[address.conninfo]
            hold.users -= 1
            if not hold.users:
                del cls._held[address.conninfo]
                hold._connection.close()

    def _take(self, address: Address) -> None:
        from adbc_driver_postgresql import dbapi

        run(self._connection, f"set lock_timeout = '{_PATIENCE}'")
        try:
            ask(self._connection, f"select pg_advisory_lock({_LOCK})")
        except dbapi.Error as error:
            if getattr(error, "sqlstate", None) != "55P03":
                raise
            raise LockedError(
                f"The warehouse {address.place} is in use by {self._holder()}; "
                "wait until it has finished, then run this command again."
            ) from None

    def _holder(self) -> str:
        found = ask(
            self._connection,
            "select coalesce(nullif(application_name, ''), 'process ' || activity.pid)"
            " from pg_locks join pg_stat_activity as activity using (pid)"
            " where locktype = 'advisory' and granted and objsubid = 1"
            f" and classid = 0 and objid = {_LOCK} and database ="
            " (select oid from pg_database where datname = current_database())",
        )
        return str(found[0][0]) if found else "another process"


def _who() -> str:
    """This process for people: PostgreSQL keeps 63 characters."""
    words = [Path(sys.argv[0]).name or "python", *sys.argv[1:]]
    command = " ".join(words).encode("ascii", "replace").decode()[:30].strip()
    return f"process {os.getpid()} on {socket.gethostname()[:14]} ({command})"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
