"""The Spark session of this process: one at a time, which dbt finds as well."""

import fcntl
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, ClassVar

from warehouse.engines.spark_lock import give_lock_back, take_lock
from warehouse.engines.spark_settings import SparkSettings, read_settings
from warehouse.errors import ConfigurationError, LockedError, WeftError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# The virtual machine of a process that died goes a moment later.
_PATIENCE = 5.0


class SessionHold:
    """The session of a warehouse, and this process's lock on it.

    A session outlives its users: starting one takes seconds, and the commands of a process follow
    each other. It ends with the process, or when another warehouse is asked for.
    """

    _present: ClassVar["SessionHold | None"] = None
    _turn: ClassVar[Lock] = Lock()

    def __init__(self, settings: SparkSettings) -> None:
        self.settings = settings
        self.users = 0
        # What a process that died has left behind is looked for once.
        self.is_clean = False
        self._lock = _take_lock(settings)
        try:
            self.session = _start(settings, self._lock)
        except BaseException:
            self._unlock()
            raise

    @classmethod
    def take(cls, output: Mapping[str, Any], project_dir: Path) -> "SessionHold":
        """The session of a target, one use more of it.

        Raises LockedError when another process works in the warehouse, ConfigurationError for
        settings or packages that are missing, WeftError when Spark does not start.
        """
        settings = read_settings(output, project_dir)
        with cls._turn:
            present = cls._present
            if present is not None and present.settings != settings:
                if present.users:
                    raise WeftError(
                        f"This process works in the Spark warehouse {present.settings.place} and "
                        "cannot open another one; close it first."
                    )
                present.end()
            hold = cls._present or cls(settings)
            cls._present = hold
            if settings.lock is None and not hold.users:
                take_lock(hold.session, settings.place)
            hold.users += 1
            return hold

    def give_back(self) -> None:
        """End one use of the session."""
        with self._turn:
            self.users -= 1
            if self.settings.lock is None and not self.users:
                give_lock_back(self.session)
                # Others may work here before the next use.
                self.is_clean = False

    @classmethod
    def end_present(cls) -> None:
        """End the session that nobody uses, if there is one: its warehouse is free for others."""
        with cls._turn:
            if cls._present is not None and not cls._present.users:
                cls._present.end()

    def end(self) -> None:
        """Stop Spark and its virtual machine, and give up the lock."""
        from pyspark import SparkContext

        SessionHold._present = None
        gateway = SparkContext._gateway
        self.session.stop()
        if gateway is not None:
            gateway.shutdown()
            # The virtual machine ends with its input, and takes the metastore's own lock along.
            gateway.proc.stdin.close()
            gateway.proc.wait()
        SparkContext._gateway = None
        SparkContext._jvm = None
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _start(settings: SparkSettings, lock: IO[str] | None) -> "SparkSession":
    try:
        from py4j.protocol import Py4JError
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigurationError(
            "The target is a Spark warehouse, for which a package is missing; "
            "install it with: pip install 'weft[spark]'."
        ) from None
    settings.log.parent.mkdir(parents=True, exist_ok=True)
    try:
        configured = SparkConf(loadDefaults=False).setAll(list(settings.values.items()))
        # What the virtual machine has to say belongs into a log.
        with settings.log.open("ab") as log:
            gateway = launch_gateway(  # type: ignore[no-untyped-call]
                configured,
                # The lock is the virtual machine's too, which may outlive this process a moment.
                {
                    "stdout": log,
                    "stderr": log,
                    "pass_fds": (lock.fileno(),) if lock is not None else (),
                },
            )
        SparkContext._ensure_initialized(gateway=gateway)
        builder = SparkSession.builder.enableHiveSupport()
        for name, value in settings.values.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()
    except (OSError, Py4JError, PySparkException) as error:
        cause = " ".join(str(error).split())[:300].rstrip(".")
        raise WeftError(
            f"Spark does not start: {cause}; it needs Java 17 or later, and {settings.log} "
            "says more."
        ) from None


def _take_lock(settings: SparkSettings) -> IO[str] | None:
    """The lock on an embedded metastore, which only one process may open."""
    if settings.lock is None:
        return None
    settings.lock.parent.mkdir(parents=True, exist_ok=True)
    file = settings.lock.open("a+", encoding="utf-8")
    end = time.monotonic() + _PATIENCE
    while not _locks(file):
        if time.monotonic() > end:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise LockedError(
                f"The warehouse {settings.place} is in use by {holder}; "
                "wait until it has finished, then run this command again."
            )
        time.sleep(0.1)
    file.truncate(0)
    words = " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:]])
    file.write(f"process {os.getpid()} ({words[:80].strip()})")
    file.flush()
    return file


def _locks(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
