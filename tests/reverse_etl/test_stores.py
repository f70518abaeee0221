"""Files in a store, against a server that speaks S3, and names, compression and manifests."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reverse_etl.destinations.files import Files
from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import House

ADA = ("ada@example.com", "Ada", 10)
BOB = ("bob@example.com", "Bob", 20)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of moto's; skipped where it is not installed."""
    pytest.importorskip("s3fs", reason="no client for S3")
    moto = pytest.importorskip("moto.server", reason="no S3 server to test against")
    started = moto.ThreadedMotoServer(port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket called weft, which the environment leads to."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "planted")
    more = {"AWS_ENDPOINT_URL": server, "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**keys, **more}.items():
        monkeypatch.setenv(name, value)
    s3fs = pytest.importorskip("s3fs")
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem()
    store.mkdir("weft")
    yield store
    store.rm("weft", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def stores(project: Path, /, **settings: Any) -> House:
    destination = {"type": "files", "folder": "s3://weft/exports", "format": "jsonl", **settings}
    return House(project, destination=destination, guard={"max_removed_percent": 100})


def held(bucket: Any) -> list[str]:
    bucket.invalidate_cache()
    return sorted(bucket.find("weft"))


def test_an_object_for_each_run_with_changes(tmp_path: Path, bucket: Any) -> None:
    with stores(tmp_path) as house:
        house.fill([ADA, BOB])
        report = house.push(run_id="first")
        assert report.stored == ("s3://weft/exports/customers_to_crm/first.jsonl",)
        assert (report.files, report.succeeded.added) == ((), 2)
        house.fill([ADA])
        house.push(run_id="second")
        house.push(run_id="third")
    assert held(bucket) == [
        "weft/exports/customers_to_crm/first.jsonl",
        "weft/exports/customers_to_crm/second.jsonl",
    ]
    [line] = bucket.cat_file("weft/exports/customers_to_crm/second.jsonl").splitlines()
    assert json.loads(line)["operation"] == "remove"


def test_a_manifest_says_what_the_object_holds(tmp_path: Path, bucket: Any) -> None:
    settings = {"name": "{date}/{sync}-{run_id}", "manifest": True, "compression": "gzip"}
    with stores(tmp_path, **settings) as house:
        house.fill([ADA, BOB])
        house.push(run_id="first")
    name = "weft/exports/2026-01-31/customers_to_crm-first.jsonl.gz"
    assert held(bucket) == [name, f"{name}._SUCCESS"]
    content = bucket.cat_file(name)
    assert len(gzip.decompress(content).splitlines()) == 2
    assert json.loads(bucket.cat_file(f"{name}._SUCCESS")) == {
        "file": "customers_to_crm-first.jsonl.gz",
        "sync": "customers_to_crm",
        "run_id": "first",
        "rows": 2,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_a_snapshot_is_replaced(tmp_path: Path, bucket: Any) -> None:
    with stores(tmp_path, contents="snapshot", format="csv") as house:
        house.fill([ADA, BOB])
        house.push()
        house.fill([ADA])
        house.push()
    [name] = held(bucket)
    assert bucket.cat_file(name).decode() == '"key","name","total"\n"ada@example.com","Ada",10\n'


def test_a_bucket_that_is_not_there_fails_the_rows(tmp_path: Path, bucket: Any) -> None:
    with stores(tmp_path, folder="s3://nowhere/exports") as house:
        house.fill([ADA])
        report = house.push()
        assert (report.exit_code, report.waiting, report.stored) == (1, 1, ())
        assert "s3://nowhere/exports" in str(report.error)
        assert "cannot be written" in str(report.error)
        assert house.acknowledged() == {}


@pytest.mark.parametrize("point", ["before_rename", "after_rename"])
def test_a_crash_leaves_a_whole_object_or_none(tmp_path: Path, bucket: Any, point: str) -> None:
    with stores(tmp_path) as house:
        house.fill([ADA, BOB])
    assert run_and_die(tmp_path, point) == 137
    names = held(bucket)
    assert len(names) == (point == "after_rename")
    for name in names:
        assert len(bucket.cat_file(name).splitlines()) == 2
    with stores(tmp_path) as house:
        assert house.push().succeeded.added == 2
        assert not house.plan().has_changes


def test_a_manifest_in_a_folder(tmp_path: Path) -> None:
    settings = {"folder": "out", "manifest": True, "compression": "gzip", "format": "csv"}
    with stores(tmp_path, **settings) as house:
        house.fill([ADA])
        [path] = house.push().files
        assert path.name.endswith(".csv.gz")
        assert gzip.decompress(path.read_bytes()).startswith(b'"operation","key"')
        assert json.loads(path.with_name(f"{path.name}._SUCCESS").read_bytes())["rows"] == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folder": "ftp://x"}, "a store is one of"),
        ({"folder": "s3://key:secret@bucket"}, "credentials in the environment"),
        ({"name": "{day}"}, "there is no place {day}"),
        ({"name": "../{run_id}"}, "inside the folder"),
        ({"name": "{sync}"}, "name needs {run_id}"),
        ({"format": "parquet", "compression": "gzip"}, "compressed inside"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Files.model_validate({"type": "files", "folder": "out", **settings})
