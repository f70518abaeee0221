"""dbt, in process: the one place that runs it."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from warehouse.dbt_package import install_package
from warehouse.engines import dbt_session, forget_dbt_connections
from warehouse.environment import environment
from warehouse.errors import ConfigurationError, WeftError
from warehouse.manifest import Manifest
from warehouse.progress import Progress, Silent
from warehouse.project import Project
from warehouse.trait_lines import with_lines

_FAILED = frozenset({"error", "fail", "runtime error", "partial success"})
_OFFLINE = frozenset({"parse", "ls"})
# dbt copies DBT_ENV_CUSTOM_ENV_ variables into the manifest, so a manifest tells its own target.
_TARGET_MARK = "WEFT_TARGET"


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node: its name, dbt's status word and message."""

    name: str
    kind: str
    status: str
    message: str

    @property
    def failed(self) -> bool:
        """Whether the node or test did not succeed."""
        return self.status in _FAILED


@dataclass(frozen=True)
class DbtResult:
    """The outcome of one dbt command."""

    nodes: tuple[NodeResult, ...]

    @property
    def failures(self) -> tuple[NodeResult, ...]:
        """The nodes that did not succeed, skipped ones not counted."""
        return tuple(node for node in self.nodes if node.failed)


def build(
    project: Project,
    *,
    as_of: date,
    run_id: str,
    options: Sequence[str] = (),
    progress: Progress | None = None,
    check: Callable[[str], None] | None = None,
    landed_until: date | None = None,
) -> DbtResult:
    """``dbt build`` with any further dbt options.

    With ``landed_until`` only rows are read that had landed when that day ended.

    ``check`` is called with the unique id of each node that is compiled and about to run, in dbt's
    own threads; a WeftError it raises becomes the failure of that node.

    Failed nodes are in the result; ConfigurationError is raised when dbt could not start (a
    project that does not parse, an unknown option).
    """
    variables = {"WEFT_AS_OF": as_of.isoformat(), "WEFT_RUN_ID": run_id}
    if landed_until is not None:
        variables["WEFT_LANDED_UNTIL"] = landed_until.isoformat()
    outcome = _invoke(project, ["build", *options], variables, progress or Silent(), check)
    result = DbtResult(tuple(_node_results(outcome, project.folder)))
    if not result.nodes:
        raise ConfigurationError(
            f"dbt found nothing to build for: {' '.join(options)}; {_selection_advice(project)}"
        )
    return result


def compile_sql(
    project: Project, *, as_of: date, run_id: str, options: Sequence[str]
) -> dict[str, str]:
    """Compiled SQL by the name of its model, ``inline_query`` for the SQL of ``--inline``.

    Raises ConfigurationError when something does not compile.
    """
    variables = {"WEFT_AS_OF": as_of.isoformat(), "WEFT_RUN_ID": run_id}
    outcome = _invoke(project, ["compile", "--quiet", *options], variables, Silent())
    entries = list(getattr(outcome, "results", ()))
    for entry in entries:
        if str(entry.status) in _FAILED:
            raise ConfigurationError(f"dbt: {_one_line(entry.message or '')}")
    return {
        entry.node.name: entry.node.compiled_code
        for entry in entries
        if getattr(entry.node, "compiled_code", None)
    }


def select_models(project: Project, options: Sequence[str]) -> list[str]:
    """The names of the models that dbt options such as --select choose, sorted; maybe none."""
    listed = _invoke(
        project, ["ls", "--resource-type", "model", "--output", "name", *options], {}, Silent()
    )
    return sorted(str(name) for name in listed or ())


def _selection_advice(project: Project) -> str:
    names = [model.name for model in load_manifest(project).models()]
    return f"models: {', '.join(sorted(names))}." if names else "the project has no models."


def load_manifest(project: Project) -> Manifest:
    """The project's manifest for its target, parsed again only when a file is newer."""
    path = project.target_path / "manifest.json"
    package_changed = install_package(project.folder)
    if not package_changed and path.exists() and not _is_stale(project, path):
        manifest = Manifest(path)
        if manifest.environment.get(_TARGET_MARK) == project.target:
            return manifest
    parse(project)
    return Manifest(path)


def parse(project: Project, options: Sequence[str] = ()) -> None:
    """``dbt parse``. Raises ConfigurationError when the project does not parse."""
    _invoke(project, ["parse", *options], {}, Silent())


def _invoke(
    project: Project,
    command: Sequence[str],
    variables: Mapping[str, str],
    progress: Progress,
    check: Callable[[str], None] | None = None,
) -> Any:
    """Run dbt; its own result object."""
    install_package(project.folder)
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    from dbt.cli.main import dbtRunner
    from dbt_common.events.base_types import EventMsg

    counter = _NodeCounter(progress)

    def listen(event: EventMsg) -> None:
        counter.listen(event.info.name, event.data)
        if check is not None and event.info.name == "NodeExecuting":
            _check_node(check, event.data.node_info.unique_id)

    arguments = [
        *("--log-level", "none", "--log-level-file", "info", "--no-version-check"),
        *command[:1],
        *("--project-dir", str(project.folder), "--profiles-dir", str(project.profiles_dir)),
        *("--target", project.target),
        *command[1:],
    ]
    marked = {f"DBT_ENV_CUSTOM_ENV_{_TARGET_MARK}": project.target, **variables}
    # A relative path of a warehouse is resolved from where dbt runs, and must be the one we open.
    with (
        environment(marked),
        contextlib.chdir(project.folder),
        _connected(project, command),
    ):
        try:
            outcome = dbtRunner(callbacks=[listen]).invoke(arguments)
        finally:
            _close_log_file()
            forget_dbt_connections(project.output)
    if outcome.exception is not None:
        raise ConfigurationError(f"dbt: {_one_line(outcome.exception)}")
    return outcome.result


def _connected(project: Project, command: Sequence[str]) -> contextlib.AbstractContextManager[None]:
    """What a command needs that asks the warehouse something."""
    if command[0] in _OFFLINE:
        return contextlib.nullcontext()
    return dbt_session(project.output, project.folder)


def _check_node(check: Callable[[str], None], unique_id: str) -> None:
    from dbt_common.exceptions import DbtRuntimeError

    try:
        check(unique_id)
    except WeftError as error:
        # dbt reports an error of its own kind as one of the node, in plain words.
        raise DbtRuntimeError(str(error)) from None


class _NodeCounter:
    """Turns dbt's events into progress: nodes finished of nodes in the run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self._total: int | None = None

    def listen(self, name: str, data: Any) -> None:
        if name == "LogStartLine":
            self._total = data.total
        elif name == "NodeFinished":
            self._done += 1
            self._progress.update("build", self._done, self._total, "models and tests")


def _node_results(result: Any, folder: Path) -> Iterator[NodeResult]:
    for entry in getattr(result, "results", ()):
        yield NodeResult(
            name=entry.node.name,
            kind=str(entry.node.resource_type),
            status=str(entry.status),
            message=with_lines(_one_line(entry.message or ""), folder),
        )


def _close_log_file() -> None:
    # dbt opens one per run and leaves it open until the process ends.
    log = logging.getLogger("file_log")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


def _is_stale(project: Project, manifest: Path) -> bool:
    written = manifest.stat().st_mtime
    return any(path.stat().st_mtime >= written for path in _project_files(project))


def _project_files(project: Project) -> Iterator[Path]:
    yield project.profiles_dir / "profiles.yml"
    for name in os.listdir(project.folder):
        path = project.folder / name
        if path.is_dir() and name not in ("target", "logs", "dbt_packages"):
            yield from (
                file for file in path.rglob("*") if file.suffix in (".sql", ".yml", ".yaml")
            )
        elif path.suffix in (".yml", ".yaml"):
            yield path


def _one_line(error: object) -> str:
    return " ".join(str(error).split())
