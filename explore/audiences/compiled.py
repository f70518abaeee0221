"""An audience's SQL as dbt compiles it, checked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock

from explore.audiences.catalog import KEYS, find_audience, key_of
from explore.audiences.sql_check import Source, check_sql
from warehouse.dbt import compile_sql
from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError
from warehouse.manifest import Manifest, Model
from warehouse.project import Project
from warehouse.runs import latest_run

_INLINE = "inline_query"


@dataclass(frozen=True)
class CompiledAudience:
    """An audience's SQL, ready to run: of a model, or of a file that is none yet."""

    name: str
    path: str
    sql: str
    key: str
    model: Model | None
    as_of: date


def compile_audience(
    warehouse: Warehouse,
    project: Project,
    manifest: Manifest,
    name_or_file: str,
    *,
    as_of: date | None = None,
) -> CompiledAudience:
    """Compile an audience by its name, or the SQL of a file, as of the last day that was built.

    Raises UnknownNameError when there is no such audience or file, ConfigurationError with file
    and line when its SQL is wrong.
    """
    as_of = as_of or last_as_of(warehouse, project)
    file = Path(name_or_file)
    if file.suffix == ".sql":
        return _compile_file(warehouse, project, file, as_of)
    model = find_audience(manifest, name_or_file)
    found = compile_sql(project, as_of=as_of, run_id="", options=["--select", model.name])
    sql = found[model.name]
    key = key_of(model)
    _check(warehouse, sql, _source(project, model), key)
    return CompiledAudience(model.name, model.path, sql, key, model, as_of)


def last_as_of(warehouse: Warehouse, project: Project) -> date:
    """The as-of date of the last build, today before the first."""
    built = latest_run(warehouse, project.target, ("build", "run", "backfill"))
    as_of: date = built["as_of"] if built else project.today()
    return as_of


def checker(warehouse: Warehouse, project: Project, manifest: Manifest) -> Callable[[str], None]:
    """A check of each audience that dbt has compiled and is about to build, by unique id.

    dbt calls it in its own threads, which take turns at the warehouse.
    """
    audiences = {audience.unique_id: audience for audience in manifest.audiences()}
    turn = Lock()

    def check(unique_id: str) -> None:
        model = audiences.get(unique_id)
        if model is None:
            return
        compiled = project.target_path / "compiled" / model.package / model.path
        # With a --target-path of the user's own there is nothing to read here; the engine checks.
        if compiled.exists():
            with turn:
                sql = compiled.read_text(encoding="utf-8")
                _check(warehouse, sql, _source(project, model), key_of(model))

    return check


def _compile_file(
    warehouse: Warehouse, project: Project, file: Path, as_of: date
) -> CompiledAudience:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
    found = compile_sql(project, as_of=as_of, run_id="", options=["--inline", text])
    sql = found[_INLINE]
    _check(warehouse, sql, Source(file.stem, str(file), text), "profile_id")
    return CompiledAudience(file.stem, str(file), sql, "profile_id", None, as_of)


def _check(warehouse: Warehouse, sql: str, source: Source, key: str) -> None:
    if key not in KEYS:
        raise ConfigurationError(
            f"Audience {source.name} ({source.path}): `key` must be profile_id or account_id, not"
            f" {key!r}."
        )
    check_sql(sql, source, key=key, dialect=warehouse.dialect, columns_of=warehouse.columns)


def _source(project: Project, model: Model) -> Source:
    for folder in (project.folder, project.folder / "dbt_packages" / model.package):
        path = folder / model.path
        if path.exists():
            return Source(model.name, model.path, path.read_text(encoding="utf-8"))
    return Source(model.name, model.path, "")
