"""The kafka destination against the mock cluster of librdkafka, and not a broker.

The cluster speaks the protocol over a socket, in a thread of the client library itself.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reverse_etl.destinations.kafka import Kafka
from reverse_etl.destinations.kit.purpose import Purpose
from reverse_etl.outcomes import OutcomeKind
from tests.reverse_etl.contract.suite import make_rows
from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House
from warehouse.errors import ConfigurationError

confluent_kafka = pytest.importorskip("confluent_kafka", reason="no client for Kafka")

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)
QUIET = logging.Logger("quiet")
QUIET.addHandler(logging.NullHandler())


class Cluster:
    """A mock cluster, which lives as long as the producer that has it."""

    def __init__(self) -> None:
        configuration = {"bootstrap.servers": "none", "test.mock.num.brokers": 1}
        self._holder: Any = confluent_kafka.Producer(configuration, logger=QUIET)
        [broker] = self._holder.list_topics(timeout=30).brokers.values()
        self.address = f"{broker.host}:{broker.port}"
        self._holder.list_topics("customers", timeout=30)

    def stop(self) -> None:
        self._holder = None

    def messages(self) -> list[tuple[str, Any, dict[str, str]]]:
        """Key, value and headers of every message, by partition and offset."""
        consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": self.address,
                "group.id": "tests",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            },
            logger=QUIET,
        )
        topic = consumer.list_topics("customers", timeout=30).topics["customers"]
        places = [
            confluent_kafka.TopicPartition("customers", number, 0) for number in topic.partitions
        ]
        consumer.assign(places)
        found: list[Any] = []
        ended: set[int] = set()
        while len(ended) < len(places):
            message = consumer.poll(30)
            assert message is not None, "the cluster does not answer"
            if message.error():
                assert message.error().name() == "_PARTITION_EOF"
                ended.add(message.partition())
            else:
                found.append((message.partition(), message.offset(), message))
        consumer.close()
        return [_read(message) for _, _, message in sorted(found, key=lambda one: one[:2])]


def _read(message: Any) -> tuple[str, Any, dict[str, str]]:
    value = message.value()
    return (
        message.key().decode(),
        None if value is None else value.decode(),
        {name: text.decode() for name, text in message.headers()},
    )


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    one = Cluster()
    yield one
    one.stop()


def settings(cluster: Cluster, **more: Any) -> dict[str, Any]:
    return {
        "type": "kafka",
        "bootstrap_servers": cluster.address,
        "topic": "customers",
        "security": "plaintext",
        "timeout": 30,
        **more,
    }


@pytest.fixture
def crm(tmp_path: Path, cluster: Cluster) -> Iterator[House]:
    guard = {"max_removed_percent": 100}
    with House(tmp_path, destination=settings(cluster), guard=guard) as one:
        yield one


def test_rows_are_messages_and_removals_tombstones(crm: House, cluster: Cluster) -> None:
    crm.fill([ADA, BOB])
    first = crm.push()
    assert first.succeeded.added == 2
    crm.fill([("ada@example.com", "Ada L.", 10)])
    report = crm.push()
    assert (report.succeeded.changed, report.succeeded.removed) == (1, 1)
    messages = cluster.messages()
    ada = [(value, headers["op"]) for key, value, headers in messages if key == ADA[0]]
    bob = [(value, headers["op"]) for key, value, headers in messages if key == BOB[0]]
    assert ada == [('{"name":"Ada","total":10}', "add"), ('{"name":"Ada L.","total":10}', "change")]
    assert bob == [('{"name":"Bob","total":20}', "add"), (None, "remove")]
    added = [headers for _, _, headers in messages if headers["op"] == "add"]
    assert {(one["sync"], one["run_id"]) for one in added} == {("customers_to_crm", first.run_id)}
    assert len({one["idempotency_key"] for _, _, one in messages}) == 4


def test_the_payload_arrives_byte_for_byte(crm: House, cluster: Cluster) -> None:
    crm.build(
        """select 'ada🙂' as email, 12345678901234567890.123456789::decimal(38, 9) as exact,
        'a "quote"' || chr(10) as odd, null::varchar as nothing"""
    )
    crm.settings["fields"] = "*"
    crm.write()
    crm.push()
    [(key, value, _)] = cluster.messages()
    [row] = crm.rows("select payload from weft.sync_snapshot")
    assert (key, value) == ("ada🙂", row["payload"])
    assert "12345678901234567890.123456789" in value


def test_a_message_that_is_too_large_is_rejected(crm: House, cluster: Cluster) -> None:
    crm.fill([("ada@example.com", "A" * 2_000_000, 10), BOB])
    report = crm.push()
    assert (report.succeeded.added, report.rejected) == (1, 1)
    [attempt] = crm.rows("select * from weft.sync_attempts where outcome = 'rejected'")
    assert (attempt["key"], attempt["code"]) == ("ada@example.com", "MSG_SIZE_TOO_LARGE")
    assert [key for key, _, _ in cluster.messages()] == ["bob@example.com"]


def test_messages_without_a_report_are_unknown(cluster: Cluster) -> None:
    from reverse_etl.transports.kafka import KafkaTransport

    destination = Kafka.model_validate(settings(cluster, timeout=1))
    purpose = Purpose("customers", "upsert", ("email",), "email")
    with KafkaTransport(destination, purpose, "run") as transport:
        assert {one.kind for one in transport.send(make_rows(3))} == {OutcomeKind.SUCCEEDED}
        assert transport.error is None
        cluster.stop()
        outcomes = transport.send(make_rows(2))
        assert [(one.kind, one.code) for one in outcomes] == [
            (OutcomeKind.UNKNOWN, "_MSG_TIMED_OUT")
        ] * 2
        assert transport.error is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"topic": "clients"}, "there is no topic 'clients'"),
        ({"bootstrap_servers": "127.0.0.1:1", "timeout": 2}, "127.0.0.1:1"),
        ({"options": {"no.such.option": "secret-value"}}, "no.such.option"),
    ],
)
def test_what_is_wrong_with_the_settings_stops_the_sync(
    tmp_path: Path, cluster: Cluster, change: dict[str, Any], said: str
) -> None:
    destination = {**settings(cluster, rows_per_request=1), **change}
    with House(tmp_path, destination=destination) as house:
        house.fill([ADA, BOB])
        report = house.push()
        assert (report.exit_code, report.waiting) == (1, 1)
        assert house.outcomes() == ["retry"]
        assert said in str(report.error)
        assert "secret-value" not in str(report)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": {"acks": "1"}}, "not for the options to set: acks"),
        ({"security": "sasl_ssl"}, "username and password"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    tmp_path: Path, cluster: Cluster, change: dict[str, Any], said: str
) -> None:
    with House(tmp_path, destination={**settings(cluster), **change}) as house:
        house.fill([ADA])
        with pytest.raises(ConfigurationError, match=said):
            house.plan()


def test_only_a_compacted_topic_can_forget(cluster: Cluster) -> None:
    assert not Kafka.model_validate(settings(cluster)).can_erase
    assert Kafka.model_validate(settings(cluster, compacted=True)).can_erase


@pytest.mark.parametrize("point", ["after_intent", "after_send", "before_snapshot_commit"])
def test_a_plain_rerun_after_a_crash_makes_good(crm: House, cluster: Cluster, point: str) -> None:
    crm.fill([ADA, BOB])
    crm.close()
    assert run_and_die(crm.folder, point) == 137
    crm.fill([ADA])
    assert crm.push().exit_code == 0
    last = {key: value for key, value, _ in cluster.messages()}
    held = {key: json.loads(value) for key, value in last.items() if value is not None}
    assert held == {"ada@example.com": {"name": "Ada", "total": 10}}
