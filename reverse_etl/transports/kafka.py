"""Messages to Kafka, over confluent-kafka (librdkafka): each has its delivery report read."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from reverse_etl.destinations.kafka import Kafka
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.outcomes import Outcome, OutcomeKind
from reverse_etl.transports.rows import RowFault, RowTransport
from warehouse.errors import ConfigurationError

# Names of errors, as librdkafka has them: those about one message, and those about all of them.
_ABOUT_ROW = {"MSG_SIZE_TOO_LARGE", "INVALID_RECORD", "POLICY_VIOLATION", "RECORD_LIST_TOO_LARGE"}
_FOR_ALL = {
    "CLUSTER_AUTHORIZATION_FAILED",
    "SASL_AUTHENTICATION_FAILED",
    "TOPIC_AUTHORIZATION_FAILED",
    "TOPIC_EXCEPTION",
    "UNKNOWN_TOPIC_OR_PART",
    "_AUTHENTICATION",
    "_UNKNOWN_PARTITION",
    "_UNKNOWN_TOPIC",
}
_NEVER_LEFT = {"_PURGE_QUEUE", "_QUEUE_FULL"}
_METADATA_SECONDS = 30.0
_GRACE_SECONDS = 5.0
_ASIDE_SECONDS = 0.1
_NO_REPORT = Outcome(
    OutcomeKind.UNKNOWN, code="timeout", message="the brokers did not report in time"
)


class KafkaTransport(RowTransport):
    """One producer, which looks for the topic before it first sends."""

    def __init__(self, destination: Kafka, purpose: Purpose, run_id: str) -> None:
        try:
            import confluent_kafka
        except ImportError:
            raise ConfigurationError(
                "A destination of type kafka needs a client that is not installed; "
                "run: pip install 'weft[kafka]'."
            ) from None
        self._client: Any = confluent_kafka
        self._destination, self._purpose, self._run_id = destination, purpose, run_id
        self._producer: Any = None
        self._last_said: str | None = None

    def send(self, rows: Sequence[Row]) -> list[Outcome]:
        """Send rows; what became of each, in their order.

        Raises RowFault when the brokers or the topic are not there.
        """
        if self._producer is None:
            self._producer = self._open()
        reported: dict[int, Outcome] = {}
        for place, row in enumerate(rows):
            self._produce(row, self._report_to(reported, place))
        self._producer.flush(self._destination.timeout + _GRACE_SECONDS)
        outcomes = [reported.get(place, _NO_REPORT) for place in range(len(rows))]
        if all(outcome.kind is OutcomeKind.UNKNOWN for outcome in outcomes):
            # Every further page would wait as long.
            self.error = self.error or self._last_said or outcomes[0].message
        return outcomes

    def _open(self) -> Any:
        quiet = logging.Logger("kafka")
        quiet.addHandler(logging.NullHandler())
        topic, producer = self._destination.topic, None
        try:
            configuration = {**self._destination.configuration(), "error_cb": self._on_error}
            producer = self._client.Producer(configuration, logger=quiet)
            # All topics: asking for one by name may create it.
            seconds = min(self._destination.timeout, _METADATA_SECONDS)
            topics = producer.list_topics(timeout=seconds).topics
        except self._client.KafkaException as error:
            if producer is not None:
                producer.poll(_ASIDE_SECONDS)
            # What the brokers said, such as that a password is wrong, tells more than no answer.
            raise RowFault(self._last_said or error.args[0].str()) from None
        if topic not in topics:
            raise RowFault(f"there is no topic {topic!r}, or the user may not see it")
        return producer

    def _produce(self, row: Row, report: Callable[[Any, Any], None]) -> None:
        message = self._destination.message(row, self._purpose, self._run_id)
        while True:
            try:
                self._producer.produce(
                    self._destination.topic,
                    key=message.key,
                    value=message.value,
                    headers=message.headers,
                    on_delivery=report,
                )
            except BufferError:
                # The queue is full: reports make room.
                self._producer.poll(_ASIDE_SECONDS)
            except self._client.KafkaException as error:
                report(error.args[0], None)
                return
            else:
                self._producer.poll(0)
                return

    def _report_to(self, reported: dict[int, Outcome], place: int) -> Callable[[Any, Any], None]:
        def report(error: Any, message: Any) -> None:
            del message
            reported[place] = self._outcome(error)

        return report

    def _outcome(self, error: Any) -> Outcome:
        if error is None:
            return Outcome(OutcomeKind.SUCCEEDED)
        name, said = error.name(), error.str()
        kind = OutcomeKind.UNKNOWN
        if name in _ABOUT_ROW:
            kind = OutcomeKind.REJECTED
        elif name in _FOR_ALL or name in _NEVER_LEFT or error.retriable():
            kind = OutcomeKind.RETRY
        if name in _FOR_ALL or error.fatal():
            self.error = said
        return Outcome(kind, code=name, message=said)

    def _on_error(self, error: Any) -> None:
        # That all brokers are down follows from what was said of the last one.
        if self._last_said is None or error.name() != "_ALL_BROKERS_DOWN":
            self._last_said = error.str()

    def close(self) -> None:
        """Let go of the producer; what it still holds was counted as unknown."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            producer.flush(_GRACE_SECONDS)
