"""The tracking plan of a source: its file, read and compiled, and what its settings say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loaders.tracking_plans.looks import reads_raw
from loaders.tracking_plans.plan import Plan, read_plan
from loaders.tracking_plans.schema import Judgement, compile_plan
from loaders.tracking_plans.settings import BLOCK, KINDS, TrackingPlanSettings
from warehouse.documents import validate
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project


@dataclass(frozen=True)
class SourcePlan:
    """A tracking plan as a source uses it. ``file`` is its file as the settings name it."""

    file: str
    plan: Plan
    judgements: Sequence[Judgement]
    settings: TrackingPlanSettings

    @property
    def needs_raw(self) -> bool:
        """Whether the text of valid lines is needed: to keep what is blocked, or to be judged."""
        actions = {
            self.settings.action(kind, common=common) for kind in KINDS for common in (True, False)
        }
        return BLOCK in actions or any(map(reads_raw, self.judgements))


def open_plan(folder: Path, settings: TrackingPlanSettings) -> SourcePlan:
    """The tracking plan that settings name, relative to the project's folder.

    Raises ConfigurationError, with file and rule, when it cannot be read or compiled.
    """
    plan = read_plan(folder / settings.file)
    return SourcePlan(settings.file, plan, compile_plan(plan), settings)


def plan_settings(project: Project, source: str) -> TrackingPlanSettings | None:
    """What weft.yml says about the tracking plan of a source, None when it says nothing.

    Raises UnknownNameError for a source or a setting that does not exist, ConfigurationError for
    a setting that is wrong.
    """
    sources = project.section("sources")
    if source not in sources:
        raise UnknownNameError("source", source, sources, "weft.yml")
    values = (sources[source] or {}).get("tracking_plan")
    if values is None:
        return None
    place = ("sources", source, "tracking_plan")
    return validate(TrackingPlanSettings, values, project.settings, place)


def plan_of(project: Project, source: str, file: Path | None = None) -> SourcePlan:
    """The tracking plan of a source, or another one in a file, to be tried on it.

    Raises ConfigurationError when there is none.
    """
    if file is not None:
        return open_plan(Path(), TrackingPlanSettings(file=str(file)))
    settings = plan_settings(project, source)
    if settings is None:
        raise ConfigurationError(
            f"The source {source!r} has no tracking_plan in weft.yml; name a file with --plan, "
            f"or write a first one with: weft tracking-plan infer {source} -o FILE."
        )
    return open_plan(project.folder, settings)
