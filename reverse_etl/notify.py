"""Telling people how syncs ended: a message to a webhook or to Slack, and no rows of customers.

One message per change, not per run: when a sync begins to fail, when it is blocked by another
guard than before, and when it works again.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from reverse_etl.redact import Redactor
from warehouse.documents import resolve_env_vars, validate
from warehouse.engines import Warehouse
from warehouse.errors import ConfigurationError
from warehouse.project import Project
from warehouse.system_tables import RUNS, SYNC_RUNS

Occasion = Literal["failure", "guard", "recovery"]
FORMAT_VERSION = 1
_SECONDS = 10.0
_TROUBLED = {"failed": "failure", "blocked": "guard", "interrupted": "failure"}


class NotificationSettings(BaseModel):
    """One entry of ``notifications:`` in weft.yml: where a message goes, and on which occasions."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    type: Literal["webhook", "slack"]
    url: SecretStr
    on: tuple[Occasion, ...] = ("failure", "guard", "recovery")
    syncs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("prod",)
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)


@dataclass(frozen=True)
class Notice:
    """That a sync has changed from working to not, or back; ``message`` is one sentence.

    ``sync`` is None where the build failed, so that no sync ran.
    """

    occasion: Occasion
    sync: str | None
    run_id: str
    target: str
    message: str
    figures: Mapping[str, Any]


def find_notices(
    warehouse: Warehouse, run_id: str, target: str, reports: Iterable[Mapping[str, Any]]
) -> list[Notice]:
    """What is new in how the syncs of a run ended, compared with their runs before."""
    notices = []
    for report in reports:
        if report["state"] == "diverted":
            continue
        now = _TROUBLED.get(report["state"])
        before = _before(warehouse, report["sync"], run_id)
        occasion: Any = now if now != before else None
        if now is None and before is not None:
            occasion = "recovery"
        if occasion:
            notices.append(_notice(occasion, report, run_id, target))
    return notices


def find_build_notices(
    warehouse: Warehouse, run_id: str, target: str, failed: Sequence[str]
) -> list[Notice]:
    """What is new in how the build of a run ended; ``failed`` names the nodes that failed."""
    before = warehouse.value(
        f"select figures from {RUNS} where target = ? and run_id <> ? and figures is not null"
        " and command in ('run', 'build') order by started_at desc, run_id limit 1",
        [target, run_id],
    )
    failed_before = bool(json.loads(before or "{}").get("build", {}).get("failures"))
    if bool(failed) == failed_before:
        return []
    if not failed:
        return [Notice("recovery", None, run_id, target, "The build works again.", {})]
    message = f"The build failed, so nothing was sent: {', '.join(failed)}."
    return [Notice("failure", None, run_id, target, message, {"failures": len(failed)})]


def read_notifications(project: Project) -> dict[str, NotificationSettings]:
    """The entries of weft.yml, without resolving an environment variable.

    Raises ConfigurationError for a setting that is not valid.
    """
    return {
        name: validate(NotificationSettings, values, project.settings, ("notifications", name))
        for name, values in project.section("notifications").items()
    }


def notify(project: Project, notices: Sequence[Notice]) -> list[str]:
    """Send notices to whoever wants them; what went wrong, a sentence each.

    A message that cannot be delivered fails nothing: the sentence is for the log.
    """
    faults = []
    for name, settings in read_notifications(project).items():
        if project.target not in settings.targets:
            continue
        for notice in notices:
            if notice.occasion in settings.on and notice.sync in (settings.syncs or [notice.sync]):
                fault = _send(project, name, notice)
                faults += [fault] if fault else []
    return faults


def _before(warehouse: Warehouse, sync: str, run_id: str) -> str | None:
    state = warehouse.value(
        f"select state from {SYNC_RUNS} where sync = ? and run_id <> ?"
        " and state not in ('diverted', 'running')"
        " order by started_at desc, plan_id limit 1",
        [sync, run_id],
    )
    return _TROUBLED.get(str(state))


def _notice(occasion: Occasion, report: Mapping[str, Any], run_id: str, target: str) -> Notice:
    sync = report["sync"]
    message = {
        "failure": f"The sync {sync!r} failed: {report.get('error')}",
        "guard": str(report.get("error")),
        "recovery": f"The sync {sync!r} works again.",
    }[occasion]
    shown = ("planned", "succeeded", "failed", "unchanged", "invalid", "rejected", "waiting")
    figures = {name: report[name] for name in shown if name in report}
    return Notice(occasion, sync, run_id, target, message, figures)


def _send(project: Project, name: str, notice: Notice) -> str | None:
    import httpx

    owner = f"notification {name!r}"
    values = project.section("notifications")[name]
    try:
        settings = validate(
            NotificationSettings,
            resolve_env_vars(values, owner),
            project.settings,
            ("notifications", name),
        )
    except ConfigurationError as error:
        return f"The {owner} was not sent: {error}"
    url = settings.url.get_secret_value()
    headers = {key: value.get_secret_value() for key, value in settings.headers.items()}
    redact = Redactor([url, *headers.values()])
    try:
        answer = httpx.post(
            url,
            content=_body(settings.type, notice),
            headers={"Content-Type": "application/json", **headers},
            timeout=_SECONDS,
            follow_redirects=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"The {owner} was not delivered ({type(error).__name__}: {redact(str(error))})."
    if answer.status_code >= 300:
        return f"The {owner} was not delivered: the answer was {answer.status_code}."
    return None


def _body(kind: str, notice: Notice) -> bytes:
    if kind == "slack":
        sign = {"failure": ":x:", "guard": ":no_entry:", "recovery": ":white_check_mark:"}
        text = f"{sign[notice.occasion]} weft ({notice.target}): {notice.message}"
        return json.dumps({"text": text}, ensure_ascii=False).encode()
    document = {"format_version": FORMAT_VERSION, **vars(notice)}
    return json.dumps(document, ensure_ascii=False).encode()
