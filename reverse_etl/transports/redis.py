"""Commands to Redis, over redis-py: a page of rows in one pipeline, each reply read."""

import re
from collections.abc import Sequence
from typing import Any

from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.redis import Redis
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.transports.rows import RowFault, RowTransport
from warehouse.errors import ConfigurationError

# The first words of errors that pass, and of those that every other row would meet as well.
_PASSING = {"BUSY", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "TRYAGAIN"}
_FOR_ALL = {"ASK", "CLUSTERDOWN", "MOVED", "NOAUTH", "NOPERM", "READONLY", "WRONGPASS"}
_CODE = re.compile(r"([A-Z]{2,}) ")
# redis-py puts the command, and so the values of the row, before what the server said.
_CAUSED = " of pipeline caused error: "


class RedisTransport(RowTransport):
    """One connection, asked whether it is there at first and after it was cut."""

    def __init__(self, destination: Redis, purpose: Purpose, run_id: str) -> None:
        del run_id
        try:
            import redis
        except ImportError:
            raise ConfigurationError(
                "A destination of type redis needs a client that is not installed; "
                "run: pip install 'weft[redis]'."
            ) from None
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._client_errors = (redis.RedisError, OSError)
        self._destination, self._purpose = destination, purpose
        self._is_there = False
        # Tried once: what was cut is for the ledger to know, and the next run to send.
        self._client: Any = redis.Redis.from_url(
            destination.connection.get_secret_value(),
            socket_timeout=destination.timeout,
            socket_connect_timeout=destination.timeout,
            retry=Retry(NoBackoff(), 0),
        )

    def send(self, rows: Sequence[Row]) -> list[Outcome]:
        """Send rows; what became of each, in their order.

        Raises RowFault when the server is not there or refuses the credentials.
        """
        self._greet()
        commands = [self._destination.commands(row, self._purpose) for row in rows]
        pipeline = self._client.pipeline(transaction=False)
        for command in (one for some in commands for one in some):
            pipeline.execute_command(*command)
        try:
            replies = iter(pipeline.execute(raise_on_error=False))
        except self._client_errors as error:
            self._is_there = False
            self._client.connection_pool.disconnect()
            # Some of the commands may have been carried out.
            lost = Outcome(OutcomeKind.UNKNOWN, code="connection_lost", message=_said(error))
            return [lost] * len(rows)
        return [self._outcome([next(replies) for _ in some]) for some in commands]

    def _greet(self) -> None:
        if self._is_there:
            return
        try:
            self._client.ping()
        except self._client_errors as error:
            raise RowFault(_said(error)) from None
        self._is_there = True

    def _outcome(self, replies: Sequence[object]) -> Outcome:
        """That of the first command that failed; each of the others answers with a number."""
        for reply in replies:
            if isinstance(reply, int):
                continue
            if not isinstance(reply, Exception):
                return Outcome(OutcomeKind.UNKNOWN, code="unexpected", message="no number")
            return self._refused(reply)
        return Outcome(OutcomeKind.SUCCEEDED)

    def _refused(self, error: Exception) -> Outcome:
        message = _said(error)
        found = _CODE.match(message)
        code = getattr(error, "status_code", None) or (found[1] if found else "ERR")
        if code in _FOR_ALL:
            self.error = message
        passes = code in _PASSING or code in _FOR_ALL
        kind = OutcomeKind.RETRY if passes else OutcomeKind.REJECTED
        return Outcome(kind, code=code, message=message)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def _said(error: Exception) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return " ".join(text.rpartition(_CAUSED)[2].split())
