"""Files in stores: listed by pattern, streamed, and never fetched again once they have landed."""

import gzip
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from loaders.files import find_files
from loaders.inputs.places import is_url, public_url
from tests.loaders.desk import Desk
from tests.loaders.examples import track
from tests.loaders.reading import Line, needs_wiring, read
from warehouse.errors import ConfigurationError, WeftError
from warehouse.project import find_project

pytestmark = pytest.mark.filterwarnings("default")  # the packages of the stores warn as they like


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("s3://bucket/**/*.gz", True),
        ("memory://a", True),
        ("https://example.com/a?b", True),
        ("C:/events/*", False),
        ("/events/a:b", False),
        ("events/*", False),
    ],
)
def test_a_pattern_with_a_scheme_is_a_url(pattern: str, expected: bool) -> None:
    assert is_url(pattern) is expected


def test_a_url_is_known_without_its_secrets() -> None:
    url = "https://me:secret@example.com:8080/a b/c.json?X-Amz-Signature=secret#secret"
    assert public_url(url) == "https://example.com:8080/a b/c.json"


def test_a_scheme_nobody_serves_is_named(desk: Desk) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(ConfigurationError, match=r"unknown scheme nowhere://"):
        find_files(find_project(desk.folder), ["nowhere://bucket/a"])


def test_a_missing_package_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("loaders.inputs.places.import_module", fail)
    with pytest.raises(ConfigurationError, match=r"gs://bucket/a needs the package gcsfs"):
        find_files(find_project(desk.folder), ["gs://bucket/a"])


class Store:
    """A store with a bucket, by the URL of the bucket."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files = pytest.importorskip("fsspec").filesystem(url.partition(":")[0])

    def put(self, name: str, content: bytes) -> None:
        self.files.pipe_file(f"{self.url}/{name}", content)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    pytest.importorskip("s3fs")
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def gs_server() -> Iterator[str]:
    pytest.importorskip("gcsfs")
    server_module = pytest.importorskip("gcp_storage_emulator.server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = server_module.create_server("127.0.0.1", port, in_memory=True)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def az_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("adlfs")
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("needs azurite-blob on the PATH: npm install --global azurite")
    server = subprocess.Popen(
        [program, "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--blobPort", "0"],
        cwd=tmp_path_factory.mktemp("azurite"),
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        assert server.stdout is not None
        listening = next(line for line in server.stdout if "successfully listen" in line)
        yield listening.split()[-1].rstrip(".")
        server.terminate()


def _environment(kind: str, server: str) -> dict[str, str]:
    """What leads a store's package to a server, with the keys that the server was made for."""
    if kind == "s3":
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "weft")
        return {"AWS_ENDPOINT_URL": server, "AWS_DEFAULT_REGION": "us-east-1", **keys}
    if kind == "gs":
        # The second looks for real credentials, to ask what kind of bucket it is.
        return {"STORAGE_EMULATOR_HOST": server, "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"}
    parts = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": "devstoreaccount1",
        # The key that every Azurite has.
        "AccountKey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/"
        "KBHBeksoGMGw==",
        "BlobEndpoint": f"{server}/devstoreaccount1",
    }
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return {"AZURE_STORAGE_CONNECTION_STRING": text}


@pytest.fixture(params=["memory", "s3", "gs", "az"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    pytest.importorskip("fsspec")
    if request.param != "memory":
        server = request.getfixturevalue(f"{request.param}_server")
        for name, value in _environment(request.param, server).items():
            monkeypatch.setenv(name, value)
    store = Store(f"{request.param}://events")
    store.files.mkdir(store.url) if not store.files.exists(store.url) else None
    yield store
    store.files.rm(store.url, recursive=True)


def test_objects_are_found_by_pattern_and_streamed(desk: Desk, store: Store) -> None:
    store.put("a/one.ndjson", b'\xef\xbb\xbf{"a": 1}\n{"half')
    store.put("a/b/two.ndjson.gz", gzip.compress(b"2\n3\n" * 3))
    store.put("a/other.txt", b"4")
    project = find_project(desk.folder)
    files = find_files(project, [f"{store.url}/a/**/*.ndjson*", f"{store.url}/a/*.ndjson"])
    uris = [f"{store.url}/a/b/two.ndjson.gz", f"{store.url}/a/one.ndjson"]
    assert [file.uri for file in files] == uris
    lines, figures = read(*files)
    assert [line.raw for line in lines] == [*"232323", '{"a": 1}', '{"half']
    assert [one.size for one in figures] == [file.size for file in files]
    assert [one.checksum for one in figures] == [file.place.version for file in files]
    with pytest.raises(ConfigurationError, match="No file matches"):
        find_files(project, [f"{store.url}/nothing*"], must_match=True)


@needs_wiring
def test_an_object_that_has_landed_is_not_opened_again(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.folder / "weft.yml").write_text(f"sources:\n  web: {{files: '{store.url}/*.ndjson'}}\n")
    first, second = json.dumps(track()), json.dumps(track())
    store.put("one.ndjson", first.encode())
    assert desk.load().total.landed == 1
    with monkeypatch.context() as patch:
        patch.setattr("loaders.inputs.places.RemotePlace.open", None)
        assert desk.load().total.skipped == 1
    store.put("one.ndjson", f"{first}\n{second}".encode())
    total = desk.load().total
    assert (total.landed, total.duplicate) == (1, 1)
    assert desk.values("select distinct uri from weft.loads") == [f"{store.url}/one.ndjson"]


def test_an_array_in_a_store_is_read(desk: Desk, store: Store) -> None:
    from loaders.inputs.formats import Input

    store.put("array.json", b'[{"a": 1}, 2]')
    project = find_project(desk.folder)
    files = find_files(project, [f"{store.url}/array.json"], input=Input("auto"))
    assert read(*files)[0] == [Line(1, '{"a": 1}'), Line(2, "2")]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "one.ndjson.gz").write_bytes(gzip.compress(b"1\n2\n"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_is_read_over_http(desk: Desk, web: str) -> None:
    project = find_project(desk.folder)
    (file,) = find_files(project, [f"{web}/one.ndjson.gz?signature=secret"])
    assert (file.uri, file.place.version is not None) == (f"{web}/one.ndjson.gz", True)
    lines, (figures,) = read(file)
    assert [line.raw for line in lines] == ["1", "2"]
    assert figures.size == file.size


def test_a_url_that_is_missing_is_no_file(desk: Desk, web: str) -> None:
    assert find_files(find_project(desk.folder), [f"{web}/nothing"]) == []


def test_a_server_that_is_down_is_named_without_secrets(desk: Desk) -> None:
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    with pytest.raises(WeftError, match=r"^http://127.0.0.1:9/a cannot be listed") as caught:
        find_files(find_project(desk.folder), ["http://127.0.0.1:9/a?signature=secret"])
    assert "secret" not in str(caught.value)
