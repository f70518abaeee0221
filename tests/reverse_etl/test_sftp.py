"""The sftp destination against a server of another library, asyncssh, in this process."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)
PASSWORD = "planted-secret"


class Server:
    """An SFTP server on a free port, with two host keys, whose root is a folder."""

    def __init__(self, folder: Path) -> None:
        self.asyncssh = pytest.importorskip("asyncssh", reason="no SFTP server to test against")
        self.folder = folder
        self.host_keys = [
            self.asyncssh.generate_private_key(kind) for kind in ("ssh-rsa", "ssh-ed25519")
        ]
        self.user_key = self.asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self._connections: list[Any] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._acceptor: Any = self._run(self._listen())
        self.port = self._acceptor.get_port()

    @property
    def host_key(self) -> str:
        return str(self.host_keys[1].export_public_key().decode().strip())

    def stop(self) -> None:
        async def close() -> None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            for connection in self._connections:
                connection.abort()
                await connection.wait_closed()

        self._run(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(20)

    async def _listen(self) -> Any:
        asyncssh, folder, connections = self.asyncssh, self.folder, self._connections
        allowed = self.user_key.convert_to_public()

        class Door(asyncssh.SSHServer):  # type: ignore[misc,name-defined]
            def connection_made(self, connection: Any) -> None:
                connections.append(connection)

            def begin_auth(self, username: str) -> bool:
                return True

            def public_key_auth_supported(self) -> bool:
                return True

            def validate_public_key(self, username: str, key: Any) -> bool:
                return bool(username == "weft" and key == allowed)

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("weft", PASSWORD)

        def rooted(channel: Any) -> Any:
            return asyncssh.SFTPServer(channel, chroot=str(folder).encode())

        return await asyncssh.create_server(
            Door, "127.0.0.1", 0, server_host_keys=self.host_keys, sftp_factory=rooted
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("paramiko", reason="no client for SFTP")
    started = Server(tmp_path_factory.mktemp("sftp"))
    yield started
    started.stop()


def uploads(folder: Path, server: Server, **settings: Any) -> House:
    destination = {
        "type": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "username": "weft",
        "password": PASSWORD,
        "host_key": server.host_key,
        "folder": f"in/{folder.name}",
        "format": "jsonl",
        **settings,
    }
    return House(folder, destination=destination)


def held(server: Server, folder: Path) -> list[str]:
    root = server.folder / "in" / folder.name
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_a_file_is_uploaded_and_renamed(tmp_path: Path, server: Server) -> None:
    with uploads(tmp_path, server, manifest=True) as house:
        house.fill([ADA, BOB])
        report = house.push(run_id="first")
        assert report.succeeded.added == 2
        [address] = report.stored
        assert address.endswith("/customers_to_crm/first.jsonl")
    names = ["customers_to_crm/first.jsonl", "customers_to_crm/first.jsonl._SUCCESS"]
    assert held(server, tmp_path) == names
    path = server.folder / "in" / tmp_path.name / names[0]
    assert len(path.read_text("utf-8").splitlines()) == 2


def test_a_snapshot_is_replaced(tmp_path: Path, server: Server) -> None:
    with uploads(tmp_path, server, contents="snapshot", format="csv") as house:
        house.fill([ADA])
        house.push()
        house.fill([ADA, BOB])
        house.push()
    assert held(server, tmp_path) == ["customers_to_crm.csv"]
    path = server.folder / "in" / tmp_path.name / "customers_to_crm.csv"
    assert len(path.read_text("utf-8").splitlines()) == 3


def test_a_private_key_opens_the_door(tmp_path: Path, server: Server) -> None:
    key = server.user_key.export_private_key().decode()
    with uploads(tmp_path, server, private_key=key, password=None) as house:
        house.fill([ADA])
        assert house.push().succeeded.added == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"password": "planted-wrong"}, "Authentication failed"),
        ({"host_key": "other"}, "Bad host key from server"),
    ],
)
def test_what_is_refused_fails_the_rows(
    tmp_path: Path, server: Server, settings: dict[str, str], said: str
) -> None:
    if "host_key" in settings:
        other = server.asyncssh.generate_private_key("ssh-ed25519")
        settings = {"host_key": other.export_public_key().decode().strip()}
    with uploads(tmp_path, server, **settings) as house:
        house.fill([ADA])
        report = house.push()
        assert (report.exit_code, report.waiting) == (1, 1)
        assert said in str(report.error)
        assert "planted" not in str(report) + str(house.rows("select * from weft.sync_attempts"))
    assert held(server, tmp_path) == []


def test_a_crash_leaves_no_half_file(tmp_path: Path, server: Server) -> None:
    with uploads(tmp_path, server) as house:
        house.fill([ADA, BOB])
    assert run_and_die(tmp_path, "before_rename") == 137
    assert [name for name in held(server, tmp_path) if not name.endswith(".part")] == []
    with uploads(tmp_path, server) as house:
        assert house.push().succeeded.added == 2
