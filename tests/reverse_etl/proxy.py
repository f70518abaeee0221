"""A proxy over loopback that opens tunnels, and remembers where to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler

from tests.reverse_etl.serving import serving


class Proxy:
    """``tunnels`` are the places it was asked to connect to."""

    def __init__(self) -> None:
        self.url = ""
        self.tunnels: list[str] = []


@contextmanager
def proxying() -> Iterator[Proxy]:
    """A proxy that listens while the context lasts."""
    proxy = Proxy()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            method, place, _ = self.rfile.readline().decode().split()
            while self.rfile.readline().strip():
                pass
            assert method == "CONNECT"
            proxy.tunnels.append(place)
            host, _, port = place.rpartition(":")
            with socket.create_connection((host, int(port))) as onward:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pump, args=(onward, self.connection))
                back.start()
                _pump(self.connection, onward)
                back.join()

    with serving(Handler) as url:
        proxy.url = url
        yield proxy


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
