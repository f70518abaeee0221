"""A standalone cluster of one master and two workers, each a process of its own."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.spark import new_spark_output
from warehouse.engines import Table, open_engine
from warehouse.engines.spark_session import SessionHold

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROWS = 40_000
SEEN = Table("shop", "seen")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until somebody listens."""
    for _ in range(1200):
        assert process.poll() is None, "the master has ended"
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError


@pytest.fixture(scope="module")
def master(spark_sessions: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import pyspark

    home, folder = Path(pyspark.__file__).parent, tmp_path_factory.mktemp("cluster")
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        log = stack.enter_context((folder / "log").open("wb"))

        def start(*words: str) -> "subprocess.Popen[bytes]":
            command = [str(home / "bin" / "spark-class"), *words]
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            return process

        package = "org.apache.spark.deploy"
        at = ("--host", "127.0.0.1")
        first = start(f"{package}.master.Master", *at, "--port", str(port), "--webui-port", "0")
        wait_for(port, first)
        for name in ("one", "two"):
            settings = ("--cores", "1", "--memory", "700m", "--work-dir", str(folder / name))
            start(f"{package}.worker.Worker", *at, *settings, "--webui-port", "0", url)
        yield url
        SessionHold.end_present()


def executors(warehouse: Any) -> dict[str, int]:
    """The tasks that each executor has done."""
    store = warehouse._spark.sparkContext._jsc.sc().statusStore().executorList(True)
    found = (store.apply(place) for place in range(store.size()))
    return {one.id(): one.totalTasks() for one in found if one.id() != "driver"}


def test_work_is_done_on_every_worker(master: str, tmp_path: Path) -> None:
    output = new_spark_output(
        tmp_path,
        **{
            "spark.master": master,
            "spark.driver.host": "127.0.0.1",
            "spark.executor.cores": "1",
            "spark.executor.memory": "500m",
            "spark.sql.shuffle.partitions": "4",
            "spark.sql.adaptive.enabled": "false",
            # No work before both workers are there.
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
            "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        },
    )
    with open_engine(output, tmp_path) as warehouse:
        warehouse.execute("create schema shop")
        warehouse.execute(f"create table {SEEN} (id bigint, kind varchar, amount decimal(38, 9))")
        select = f"select range, 'kind ' || range % 7, range / 4 from range({ROWS})"
        with warehouse.transaction():
            assert warehouse.insert_parsed(SEEN, ["id", "kind", "amount"], select) == ROWS
            changed = warehouse.execute(f"update {SEEN} set kind = 'other' where id % 7 = 3")
        sums = f"select kind, count(*) as n, sum(amount) as total from {SEEN} group by kind"
        found = {row["kind"]: (row["n"], float(row["total"])) for row in warehouse.rows(sums)}
        tasks = executors(warehouse)
    expected: dict[str, tuple[int, float]] = {}
    for number in range(ROWS):
        kind = "other" if number % 7 == 3 else f"kind {number % 7}"
        count, total = expected.get(kind, (0, 0.0))
        expected[kind] = (count + 1, total + number / 4)
    assert found == expected
    assert changed == found["other"][0]
    assert len(tasks) == 2
    assert all(tasks.values())
