"""kafka: rows as messages of a topic.

The key of a message is the sync's key, so that the rows of one key stay in order in one partition;
the value is the canonical payload, byte for byte. A row that is removed is a tombstone: its value
is null, and a compacted topic drops what it held of the key. Headers say what a message is:
``op`` (add, change, remove), ``sync``, ``run_id`` and ``idempotency_key``.

A message is acknowledged once every replica in sync has it, and stored once as long as one run
sends it (acks=all, enable.idempotence). A later run that has to repeat one stores it again, with
the same idempotency key.
"""

from typing import ClassVar, Literal, NamedTuple

from pydantic import Field, SecretStr, field_validator, model_validator

from reverse_etl.destinations.kit.purpose import Mode, Purpose
from reverse_etl.destinations.kit.row_base import RowDestination
from reverse_etl.destinations.kit.rows import Row

_SASL = ("sasl_ssl", "sasl_plaintext")


class Message(NamedTuple):
    """A message of a topic; one without a value is a tombstone."""

    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


class Kafka(RowDestination):
    """A topic in Kafka, or in a service that speaks its protocol."""

    account_settings: ClassVar[tuple[str, ...]] = ("bootstrap_servers", "topic")
    modes: ClassVar[frozenset[Mode]] = frozenset(("upsert", "mirror", "audience", "append"))

    transport: ClassVar[str] = "reverse_etl.transports.kafka:KafkaTransport"

    type: Literal["kafka"]
    bootstrap_servers: str = Field(min_length=1)
    topic: str = Field(min_length=1)
    security: Literal["ssl", "sasl_ssl", "plaintext", "sasl_plaintext"] = "ssl"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    username: SecretStr | None = None
    password: SecretStr | None = None
    options: dict[str, SecretStr] = Field(default_factory=dict)
    compacted: bool = False
    rows_per_request: int = Field(default=10_000, ge=1)
    timeout: float = Field(default=120, ge=1)

    @field_validator("options")
    @classmethod
    def _leave_ours(cls, options: dict[str, SecretStr]) -> dict[str, SecretStr]:
        ours = sorted(_OURS & options.keys())
        if ours:
            raise ValueError(f"these are not for the options to set: {', '.join(ours)}")
        return options

    @model_validator(mode="after")
    def _names_a_user(self) -> "Kafka":
        named = self.username is not None and self.password is not None
        if named != (self.security in _SASL):
            raise ValueError("username and password go with security sasl_ssl or sasl_plaintext")
        return self

    @property
    def can_erase(self) -> bool:
        """Only a compacted topic drops what it held of a key."""
        return self.compacted

    def account(self) -> str:
        """Brokers and topic."""
        return f"kafka://{self.bootstrap_servers}/{self.topic}"

    def configuration(self) -> dict[str, str | int | bool]:
        """The properties of the producer, as librdkafka calls them. They hold the secrets."""
        found: dict[str, str | int | bool] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security,
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": int(self.timeout * 1000),
            # As the clients in Java have it, so that a key is in one partition whoever writes it.
            "partitioner": "murmur2_random",
        }
        if self.username is not None and self.password is not None:
            found["sasl.mechanism"] = self.sasl_mechanism
            found["sasl.username"] = self.username.get_secret_value()
            found["sasl.password"] = self.password.get_secret_value()
        return {**{n: value.get_secret_value() for n, value in self.options.items()}, **found}

    def message(self, row: Row, purpose: Purpose, run_id: str) -> Message:
        """What is sent for a row."""
        headers = {
            "op": row.operation,
            "sync": purpose.sync,
            "run_id": run_id,
            "idempotency_key": row.idempotency_key,
        }
        return Message(
            row.key.encode(),
            None if row.operation == "remove" else row.payload.encode(),
            [(name, value.encode()) for name, value in headers.items()],
        )


_OURS = {
    "acks",
    "bootstrap.servers",
    "delivery.timeout.ms",
    "enable.idempotence",
    "message.timeout.ms",
    "metadata.broker.list",
    "partitioner",
    "request.required.acks",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.password",
    "sasl.username",
    "security.protocol",
}
