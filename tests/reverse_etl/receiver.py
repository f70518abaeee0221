"""A destination's server over loopback, which misbehaves when it is told to."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.reverse_etl.serving import Quiet, serving

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Reply:
    """How one request is answered.

    ``applied`` says whether its rows take effect; ``answer`` builds the body from the rows;
    ``dropped`` closes the connection instead of answering; ``raw`` goes out as it is, a byte at a
    time when ``trickles``, and then the connection closes; ``hangs`` waits for so many seconds
    before it answers.
    """

    status: int = 200
    applied: bool | None = None
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[Rows], bytes] = lambda rows: b"{}"
    dropped: bool = False
    raw: bytes | None = None
    trickles: bool = False
    hangs: float = 0

    @property
    def takes_effect(self) -> bool:
        return self.applied if self.applied is not None else self.status < 300


class Receiver:
    """Keeps what it was sent (requests) and what that amounts to (members, by key).

    Rows whose idempotency key was applied before change nothing. Replies are used up in order,
    then every request is answered with 200; ``judge`` may refuse single rows, by their status,
    and ``refuse`` whole requests, by the bytes and rows they hold. ``arrivals`` counts every row
    that took effect, also the second time.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.members: dict[str, Any] = {}
        self.effects: list[str] = []
        self.arrivals: list[str] = []
        self.replies: list[Reply] = []
        self.judge: Callable[[dict[str, Any]], int] | None = None
        self.refuse: Callable[[bytes, Rows], int | None] | None = None
        self.jobs: dict[str, Rows] = {}
        self.polls_until_done = 1
        self.polls = 0
        self.accepts_jobs = False
        self.url = ""
        self.most_at_once = 0
        self.keys_twice_at_once: list[str] = []
        self.released = threading.Event()
        self._keys_in_flight: list[str] = []
        self._in_flight = 0
        self._lock = threading.Lock()

    @property
    def rows(self) -> Rows:
        """Every row that was received, in order of arrival."""
        return [row for _, body in self.requests for row in rows_of(body)]

    def receive(self, headers: dict[str, str], body: bytes) -> tuple[Reply, bytes]:
        rows = rows_of(body)
        with self._lock:
            self.requests.append((headers, body))
            reply = self.replies.pop(0) if self.replies else self._usual(body, rows)
            statuses = [self.judge(row) if self.judge else 200 for row in rows]
            if reply.status == 202 and self.accepts_jobs:
                return reply, json.dumps({"job": self._accept(rows)}).encode()
            if reply.takes_effect:
                for row, status in zip(rows, statuses, strict=True):
                    if status < 300:
                        self._apply(row)
        if self.judge and not self.accepts_jobs and reply.status == 200:
            results = [{"status": status, "error": f"status {status}"} for status in statuses]
            return reply, json.dumps({"results": results}).encode()
        return reply, reply.answer(rows)

    def poll(self, job: str) -> bytes:
        """How far a job is; its rows take effect when it is done."""
        with self._lock:
            self.polls += 1
            if self.polls < self.polls_until_done:
                return b'{"state": "processing"}'
            statuses = [self.judge(row) if self.judge else 200 for row in self.jobs[job]]
            for row, status in zip(self.jobs[job], statuses, strict=True):
                if status < 300:
                    self._apply(row)
        return json.dumps({"state": "complete", "statuses": statuses}).encode()

    def enter(self, body: bytes) -> list[str]:
        """Note that the keys of a request are in flight."""
        keys = [json.dumps(row["key"]) for row in rows_of(body)]
        with self._lock:
            self.keys_twice_at_once += [key for key in keys if key in self._keys_in_flight]
            self._keys_in_flight += keys
            self._in_flight += 1
            self.most_at_once = max(self.most_at_once, self._in_flight)
        return keys

    def leave(self, keys: list[str]) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._in_flight -= 1
            for key in keys:
                self._keys_in_flight.remove(key)

    def _usual(self, body: bytes, rows: Rows) -> Reply:
        status = self.refuse(body, rows) if self.refuse else None
        if status is not None:
            return Reply(status=status)
        return Reply(status=202 if self.accepts_jobs else 200)

    def _accept(self, rows: Rows) -> str:
        job = f"job-{len(self.jobs) + 1}"
        self.jobs[job] = rows
        return job

    def _apply(self, row: dict[str, Any]) -> None:
        self.arrivals.append(row["idempotency_key"])
        if row["idempotency_key"] in self.effects:
            return
        self.effects.append(row["idempotency_key"])
        if row["operation"] == "remove":
            self.members.pop(str(row["key"]), None)
        else:
            self.members[str(row["key"])] = row["fields"]


@contextmanager
def receiving(secure: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens while the context lasts, with TLS when it has a certificate."""
    receiver = Receiver()

    class Handler(Quiet):
        def do_GET(self) -> None:  # noqa: N802
            self._answer(200, {}, receiver.poll(self.path.rsplit("/", 1)[-1]))

        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            keys = receiver.enter(body)
            try:
                reply, answer = receiver.receive(headers, body)
                receiver.released.wait(reply.hangs)
            finally:
                receiver.leave(keys)
            if reply.dropped or reply.raw is not None:
                self.close_connection = True
                self._say(reply)
                return
            self._answer(reply.status, reply.headers, answer)

        do_PUT = do_POST  # noqa: N815

        def _say(self, reply: Reply) -> None:
            raw = reply.raw or b""
            step = 1 if reply.trickles else len(raw) or 1
            try:
                for start in range(0, len(raw), step):
                    self.wfile.write(raw[start : start + step])
                    if reply.trickles and receiver.released.wait(0.02):
                        return
            except OSError:
                pass

        def _answer(self, status: int, headers: dict[str, str], answer: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    with serving(Handler, secure) as url:
        receiver.url = f"{url}/hook?token=in-the-query"
        try:
            yield receiver
        finally:
            receiver.released.set()


def rows_of(body: bytes) -> Rows:
    """The rows of a body; in another shape than a webhook's they have a key at least."""
    document = json.loads(body)
    if isinstance(document, dict) and "rows" in document:
        rows: Rows = document["rows"]
        return rows
    items = document if isinstance(document, list) else next(iter(document.values()))
    return [
        {"operation": "add", "key": json.dumps(item), "idempotency_key": json.dumps(item)}
        | {"fields": item}
        for item in items
    ]
