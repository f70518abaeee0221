"""A webhook's receiver over loopback, which misbehaves when it is told to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Reply:
    """How one request is answered.

    ``applied`` says whether its rows take effect; ``answer`` builds the body from the rows;
    ``dropped`` closes the connection instead of answering.
    """

    status: int = 200
    applied: bool | None = None
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[Rows], bytes] = lambda rows: b"{}"
    dropped: bool = False

    @property
    def takes_effect(self) -> bool:
        return self.applied if self.applied is not None else self.status < 300


class Receiver:
    """Keeps what it was sent (requests) and what that amounts to (members, by key).

    Rows whose idempotency key was applied before change nothing. Replies are used up in order,
    then every request is answered with 200; ``judge`` may refuse single rows, by their status.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.members: dict[str, Any] = {}
        self.effects: list[str] = []
        self.replies: list[Reply] = []
        self.judge: Callable[[dict[str, Any]], int] | None = None
        self.url = ""
        self._lock = threading.Lock()

    @property
    def rows(self) -> Rows:
        """Every row that was received, in order of arrival."""
        return [row for _, body in self.requests for row in json.loads(body)["rows"]]

    def receive(self, headers: dict[str, str], body: bytes) -> tuple[Reply, bytes]:
        with self._lock:
            self.requests.append((headers, body))
            reply = self.replies.pop(0) if self.replies else Reply()
            rows: Rows = json.loads(body)["rows"]
            statuses = [self.judge(row) if self.judge else 200 for row in rows]
            if reply.takes_effect:
                for row, status in zip(rows, statuses, strict=True):
                    if status < 300:
                        self._apply(row)
        if self.judge:
            results = [{"status": status, "error": f"status {status}"} for status in statuses]
            return reply, json.dumps({"results": results}).encode()
        return reply, reply.answer(rows)

    def _apply(self, row: dict[str, Any]) -> None:
        if row["idempotency_key"] in self.effects:
            return
        self.effects.append(row["idempotency_key"])
        if row["operation"] == "remove":
            self.members.pop(str(row["key"]), None)
        else:
            self.members[str(row["key"])] = row["fields"]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens while the context lasts."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply, answer = receiver.receive(headers, body)
            if reply.dropped:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?token=in-the-query"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
