"""Whatever a server does to a request: a plain re-run makes the destination equal the source."""

import gzip
from pathlib import Path

import pytest

from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.receiver import Receiver, Reply

CUSTOMERS = [("ada@example.com", "Ada", 10), ("bob@example.com", "Bob", 20)]
EXPECTED = {email: {"name": name, "total": spent} for email, name, spent in CUSTOMERS}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

FAULTS = {
    "applied, then dropped": Reply(applied=True, dropped=True),
    "dropped": Reply(applied=False, dropped=True),
    "429 without a pause": Reply(status=429),
    "429 with seconds": Reply(status=429, headers={"Retry-After": "0"}),
    "429 with a date": Reply(status=429, headers={"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}),
    "429 with an absurd pause": Reply(status=429, headers={"Retry-After": "1e99"}),
    "500": Reply(status=500),
    "502 with a page": Reply(status=502, answer=lambda rows: b"<html>bad gateway</html>"),
    "503, applied all the same": Reply(status=503, applied=True),
    "401": Reply(status=401),
    "301": Reply(status=301, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
    "half an answer": Reply(applied=True, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "no status line": Reply(applied=True, raw=b"it works\r\n\r\n"),
    "a trickle": Reply(applied=True, raw=OK + b" " * 600, trickles=True),
    "a trickle that never says": Reply(applied=True, raw=b"H" * 600, trickles=True),
    "silence": Reply(applied=True, hangs=1),
    "gzip that is none": Reply(
        applied=True,
        raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ),
    "gzip": Reply(
        applied=True,
        raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(gzip.compress(b"{}")), gzip.compress(b"{}")),
    ),
    "100 first": Reply(applied=True, raw=b"HTTP/1.1 100 Continue\r\n\r\n" + OK),
    "no length": Reply(applied=True, raw=b"HTTP/1.1 200 OK\r\n\r\n{}"),
    "in chunks": Reply(
        applied=True,
        raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ),
    "two answers": Reply(applied=True, raw=OK + OK),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_plain_rerun_makes_good(tmp_path: Path, receiver: Receiver, fault: str) -> None:
    receiver.replies = [FAULTS[fault]]
    with House(tmp_path, destination=webhook(receiver.url, timeout=0.2)) as house:
        house.fill(CUSTOMERS)
        first = house.push()
        assert first.attempted.total == first.succeeded.total + first.failed.total == 2
        receiver.replies = []
        assert house.push().exit_code == 0
        assert receiver.members == house.acknowledged() == EXPECTED
        assert len(receiver.effects) == 2
        assert not house.plan().has_changes


@pytest.mark.parametrize(
    ("body", "outcomes"),
    [
        (b'{"results": [{"status": 200}]}', ["unknown"] * 2),
        (b'{"results": [{"status": 200}, {"status": 200}, {"status": 200}]}', ["unknown"] * 2),
        (b'{"results": [{"status": 200}, {"status": "yes"}]}', ["succeeded", "unknown"]),
        (b'{"results": [null, {"status": 422}]}', ["rejected", "unknown"]),
        (b"<html>", ["unknown"] * 2),
    ],
)
def test_results_that_do_not_fit_leave_their_rows_unknown(
    tmp_path: Path, receiver: Receiver, body: bytes, outcomes: list[str]
) -> None:
    receiver.replies = [Reply(applied=True, answer=lambda rows: body)]
    with House(tmp_path, destination=webhook(receiver.url, row_results=True)) as house:
        house.fill(CUSTOMERS)
        house.push()
        found = house.rows("select outcome from weft.sync_attempts")
        assert sorted(row["outcome"] for row in found) == outcomes
