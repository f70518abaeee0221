"""weft debug: one line for each thing a project needs."""

import json
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
import yaml

from cli.checks import version_warning
from reverse_etl.destinations.kit.api_base import ApiDestination
from tests.command import run_weft
from tests.reverse_etl.destinations.vendor import listening


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("debug") / "shop"
    assert run_weft("init", str(folder)).exit_code == 0
    return folder


def write(project: Path, **settings: Any) -> None:
    (project / "weft.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")


def checks(project: Path, *arguments: str) -> dict[str, tuple[str, str]]:
    result = run_weft("--project-dir", str(project), "debug", "--json", *arguments)
    document = json.loads(result.output)
    found = {check["subject"]: (check["state"], check["said"]) for check in document["checks"]}
    wrong = sum(state == "wrong" for state, _ in found.values())
    assert (document["wrong"], result.exit_code) == (wrong, int(wrong > 0))
    return found


def test_each_thing_has_a_line(project: Path) -> None:
    (project / "events").mkdir(exist_ok=True)
    (project / "events" / "day.jsonl").write_text("{}\n")
    write(project, sources={"web": {"files": "events/*.jsonl"}, "app": {"files": "app/*.jsonl"}})
    found = checks(project)
    assert "Python 3." in found["versions"][1]
    assert "duckdb" in found["versions"][1]
    assert found["warehouse"][0] == "ok"
    assert found["source web"] == ("ok", "1 files, 3 bytes")
    assert found["source app"] == (
        "wrong",
        "no file matches app/*.jsonl; put files of events there.",
    )


def test_a_missing_secret_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRAZE_KEY", raising=False)
    key = "{{ env_var('BRAZE_KEY') }}"
    write(project, destinations={"crm": {"type": "webhook", "url": key}})
    state, said = checks(project)["destination crm"]
    assert state == "wrong"
    assert "BRAZE_KEY" in said


def test_what_cannot_be_asked_is_said(project: Path) -> None:
    write(project, destinations={"out": {"type": "files", "folder": "out", "targets": ["dev"]}})
    assert checks(project)["destination out"] == (
        "not asked",
        "settings are complete, reached from target dev; no request was made",
    )


def test_the_lines_of_a_person(project: Path) -> None:
    write(project, destinations={"out": {"type": "files", "folder": "out"}})
    result = run_weft("--project-dir", str(project), "debug")
    assert result.output.splitlines()[-1] == "Debug: nothing is wrong"
    assert "  not asked  destination out: settings are complete" in result.output


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (401, "wrong")])
def test_a_vendor_is_asked_whether_it_accepts_the_credentials(
    project: Path, status: int, state: str
) -> None:
    with listening() as vendor:
        vendor.echo = status
        settings = {"type": "iterable", "region": "us", "api_key": "planted-secret-key"}
        write(project, destinations={"crm": {**settings, "base_url": vendor.url}})
        assert checks(project, "--offline")["destination crm"][0] == "not asked"
        assert vendor.requests == []
        found, said = checks(project)["destination crm"]
    assert found == state
    assert len(vendor.requests) == 1
    assert "planted-secret" not in said


class Dated(ApiDestination):
    """An API whose version ends."""

    api_version_ends: ClassVar[date | None] = date(2027, 6, 15)

    type: Literal["dated"] = "dated"
    api_version: str = "202606"

    def address(self) -> str:
        """Nowhere."""
        return "https://example.com"


@pytest.mark.parametrize(
    ("today", "version", "said"),
    [
        (date(2027, 4, 15), "202606", None),
        (date(2027, 4, 16), "202606", "ends on 2027-06-15"),
        (date(2027, 6, 15), "202606", "ended on 2027-06-15"),
        (date(2027, 6, 15), "202612", None),
    ],
)
def test_a_version_of_an_api_that_ends(today: date, version: str, said: str | None) -> None:
    warning = version_warning(Dated(api_version=version), today)
    if said is None:
        assert warning is None
    else:
        assert warning == f"the version of its API {said}, so raise the setting api_version"
