"""Over TLS and through a proxy, as the usual environment variables say."""

import gc
import socket
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from reverse_etl.transports.http import needs_proxy
from reverse_etl.transports.network import trust
from tests.reverse_etl.certificates import Authority
from tests.reverse_etl.house import House, webhook
from tests.reverse_etl.proxy import proxying
from tests.reverse_etl.receiver import Receiver, receiving

ADA, BOB = ("ada@example.com", "Ada", 10), ("bob@example.com", "Bob", 20)
EVERYBODY = {"ada@example.com", "bob@example.com"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Variables to set, which a process reads once."""
    trust.cache_clear()
    needs_proxy.cache_clear()
    yield monkeypatch
    trust.cache_clear()
    needs_proxy.cache_clear()


@pytest.fixture
def secure(authority: Authority) -> Iterator[Receiver]:
    with receiving(authority.server("127.0.0.1")) as listening:
        yield listening


@pytest.fixture
def house(tmp_path: Path, secure: Receiver) -> Iterator[House]:
    with House(tmp_path, destination=webhook(secure.url)) as built:
        built.fill([ADA, BOB])
        yield built


def test_an_authority_that_the_environment_names_is_trusted(
    house: House, secure: Receiver, authority: Authority, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SSL_CERT_FILE", str(authority.file))
    assert house.push().error is None
    assert set(secure.members) == EVERYBODY


@pytest.mark.usefixtures("environment")
def test_one_that_nobody_named_is_not(house: House, secure: Receiver) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in str(house.push().error)
    assert secure.requests == []
    assert set(house.outcomes()) == {"retry"}


def test_a_certificate_of_another_host_is_refused(
    tmp_path: Path, authority: Authority, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SSL_CERT_FILE", str(authority.file))
    with (
        receiving(authority.server("127.0.0.2")) as other,
        House(tmp_path, destination=webhook(other.url)) as house,
    ):
        house.fill([ADA])
        assert "CERTIFICATE_VERIFY_FAILED" in str(house.push().error)
        assert other.requests == []


@pytest.mark.parametrize("exempt", ["", "127.0.0.1"])
def test_the_proxy_of_the_environment_is_used_unless_it_exempts_the_host(
    house: House,
    secure: Receiver,
    authority: Authority,
    environment: pytest.MonkeyPatch,
    exempt: str,
) -> None:
    environment.setenv("SSL_CERT_FILE", str(authority.file))
    environment.setenv("NO_PROXY", exempt)
    with proxying() as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        assert house.push().error is None
    assert set(secure.members) == EVERYBODY
    place = secure.url.split("/")[2]
    assert set(proxy.tunnels) == (set() if exempt else {place})


def test_rows_wait_while_the_proxy_is_away(
    house: House, secure: Receiver, authority: Authority, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SSL_CERT_FILE", str(authority.file))
    environment.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert "cannot be reached" in str(house.push().error)
    assert secure.requests == []
    assert set(house.outcomes()) == {"retry"}
    environment.delenv("HTTPS_PROXY")
    needs_proxy.cache_clear()
    assert house.push().error is None
    assert set(secure.members) == EVERYBODY


def test_a_server_that_never_says_farewell_leaves_no_connection_open(
    tmp_path: Path, authority: Authority, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SSL_CERT_FILE", str(authority.file))
    ended = threading.Event()

    def answer_and_fall_silent(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        with authority.server("127.0.0.1").wrap_socket(accepted, server_side=True) as server:
            server.recv(65_536)
            server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            ended.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=answer_and_fall_silent, args=(listening,))
        server.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/hook"
        with House(tmp_path, destination=webhook(url)) as house:
            house.fill([ADA])
            assert house.push().error is None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gc.collect()
        ended.set()
        server.join()
    assert [str(warning.message) for warning in caught] == []
