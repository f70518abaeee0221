"""The shop's own service, which the demo's webhook sync posts to over real HTTP on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def run_receiver(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve while the demo runs; its URL. Every row it gets is a line in ``<sync>.jsonl``.

    Port 0 is any that is free.
    """
    server = _Receiver(folder, port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/audiences"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Receiver(ThreadingHTTPServer):
    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder = folder
        self.writing = threading.Lock()

    def keep(self, body: bytes) -> None:
        """Append the rows of a request to the file of their sync."""
        document = json.loads(body)
        with self.writing:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / f"{document['sync']}.jsonl").open("a", encoding="utf-8") as file:
                for row in document["rows"]:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        """Take a request in."""
        self.server.keep(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""
