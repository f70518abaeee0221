"""How the events of one source come in: its rules, opened before anything is read."""

from dataclasses import dataclass, field

from loaders.batches import Rules
from loaders.door import Guard, make_guard
from loaders.sources import Source
from loaders.tracking_plans.source import SourcePlan, open_plan
from warehouse.project import Project


@dataclass(frozen=True)
class Intake:
    """The rules of a source: of names, of its door, and of its tracking plan."""

    source: str
    rules: Rules = field(default_factory=Rules)
    guard: Guard | None = None
    plan: SourcePlan | None = None

    @property
    def keeps_raw(self) -> bool:
        """Whether the text of valid lines is needed after they were read."""
        return self.plan is not None and self.plan.needs_raw


def open_intake(project: Project, name: str, settings: Source) -> Intake:
    """The rules of a source.

    Raises ConfigurationError when the salt of its door is not set, or its tracking plan cannot be
    read.
    """
    plan = settings.tracking_plan
    return Intake(
        name,
        settings.rules,
        make_guard(name, settings.door),
        open_plan(project.folder, plan) if plan else None,
    )
