"""The steps that commands are made of: load, build, plan, sync. Each returns its figures."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from cli.context import Session
from warehouse.errors import BlockedError, ConfigurationError, WeftError

if TYPE_CHECKING:
    from loaders.report import LoadReport
    from reverse_etl.syncs import Sync
    from warehouse.dbt import DbtResult
    from warehouse.manifest import Manifest

Figures = dict[str, Any]
"""What a step did, as plain values: printed as a table or as JSON, and kept in ``weft.runs``."""


def load_events(
    session: Session,
    sources: Sequence[str] = (),
    *,
    file: str | None = None,
    source: str | None = None,
    reload: bool = False,
) -> Figures:
    """Land new files of the named sources, or of all; with ``reload`` also those that have."""
    from loaders.load import load

    report = load(
        session.warehouse,
        session.project,
        sources,
        run=session.run,
        progress=session.progress,
        file_globs=(file,) if file else (),
        source=source,
        reload=reload,
    )
    return keep(session, "load", load_figures(report))


def load_figures(report: "LoadReport") -> Figures:
    """What a load did."""
    return {
        **vars(report.total),
        "sources": [{"source": name, **vars(figures)} for name, figures in report.sources.items()],
        "rejects": [
            {"reason": reason, "count": count}
            for reason, count in sorted(report.rejects.items(), key=lambda one: (-one[1], one[0]))
        ],
        "discards": report.discards,
        "violations": report.violations,
        "views": [asdict(view) for view in report.views],
    }


def replay_events(
    session: Session, sources: Sequence[str], *, rejects: bool, discards: bool
) -> Figures:
    """Try rejected lines and blocked events, or discarded values, once more."""
    from loaders.replay import replay_discards, replay_rejects

    steps = {"rejects": (rejects, replay_rejects), "discards": (discards, replay_discards)}
    figures: Figures = {}
    for name, (wanted, replay) in steps.items():
        if wanted:
            report = replay(session.warehouse, session.project, sources, session.run)
            figures[name] = {
                **asdict(report.total),
                "sources": [
                    {"source": source, **asdict(one)} for source, one in report.sources.items()
                ],
            }
    return keep(session, "replay", figures)


def backfill_events(
    session: Session, *, first: date, last: date | None, sources: Sequence[str]
) -> Figures:
    """Land the archived files of a period again."""
    from loaders.backfill import backfill
    from loaders.load import load

    def land(source: str, uris: Sequence[str]) -> "LoadReport":
        return load(
            session.warehouse,
            session.project,
            run=session.run,
            progress=session.progress,
            source=source,
            file_globs=uris,
            reload=True,
        )

    report = backfill(
        session.warehouse, session.project, land=land, first=first, last=last, sources=sources
    )
    figures: Figures = {
        "from": report.first.isoformat(),
        "to": report.last.isoformat(),
        "archives": {name: asdict(archive) for name, archive in report.archives.items()},
        "loads": {name: load_figures(one) for name, one in report.loads.items()},
    }
    return keep(session, "backfill", figures)


def build_models(session: Session, options: Sequence[str] = ()) -> Figures:
    """Run ``dbt build`` and look at what it made. An earlier as-of date is built aside."""
    from explore.audiences.alerts import size_alerts
    from explore.summary import summarize_audiences, summarize_profiles, summarize_rebuilds
    from warehouse.earlier import schema_of

    result, manifest = (
        _build_aside(session, options) if session.run.is_aside else _build(session, options)
    )
    profiles = summarize_profiles(session.warehouse, manifest, session.run.run_id)
    rebuilds = summarize_rebuilds(session.warehouse, manifest, session.run.run_id)
    audiences = summarize_audiences(session.warehouse, manifest, session.run.run_id)
    built = {node.name for node in result.nodes if node.kind == "model" and not node.failed}
    figures: Figures = {
        "as_of": session.run.as_of.isoformat(),
        "aside_in": schema_of(session.run.as_of) if session.run.is_aside else None,
        "models": sum(node.kind == "model" for node in result.nodes),
        "tests": sum(node.kind == "test" for node in result.nodes),
        "failures": [asdict(node) for node in result.failures],
        "rebuilt": [asdict(rebuild) for rebuild in rebuilds],
        "profiles": asdict(profiles) if profiles else None,
        "audiences": [asdict(audience) for audience in audiences],
        "alerts": [asdict(alert) for alert in size_alerts(manifest, audiences, built)],
    }
    return keep(session, "build", figures)


def _build(session: Session, options: Sequence[str]) -> "tuple[DbtResult, Manifest]":
    from explore.audiences.compiled import checker
    from warehouse.dbt import build, load_manifest

    manifest = load_manifest(session.project)
    result = build(
        session.project,
        as_of=session.run.as_of,
        run_id=session.run.run_id,
        options=options,
        progress=session.progress,
        check=checker(session.warehouse, session.project, manifest),
    )
    return result, manifest


def _build_aside(session: Session, options: Sequence[str]) -> "tuple[DbtResult, Manifest]":
    from warehouse.dbt import load_manifest
    from warehouse.earlier import build_earlier

    return build_earlier(
        session.warehouse,
        session.project,
        load_manifest(session.project),
        as_of=session.run.as_of,
        run_id=session.run.run_id,
        options=options,
        progress=session.progress,
    )


def plan_syncs(session: Session, names: Sequence[str] = ()) -> Figures:
    """Compare the named syncs, or all, with what their destinations have; nothing is sent."""
    from reverse_etl.plan import make_plan

    plans = [
        asdict(make_plan(session.warehouse, session.project, sync, session.run))
        for sync in _chosen_syncs(session, names)
    ]
    return keep(session, "plan", {"plans": plans})


def push_syncs(
    session: Session,
    names: Sequence[str] = (),
    *,
    approve: str | None = None,
    dry_run: bool = False,
) -> Figures:
    """Send what the named syncs, or all, have to send. One that is blocked stops no other."""
    from reverse_etl.sync import sync

    reports: list[Figures] = []
    for chosen in _chosen_syncs(session, names):
        try:
            report = sync(
                session.warehouse,
                session.project,
                chosen,
                session.run,
                progress=session.progress,
                approve=approve,
                dry_run=dry_run,
            )
        except ConfigurationError:
            # Nothing is wrong with the run: the command or a setting is, and says so by itself.
            raise
        except BlockedError as error:
            reports.append({"sync": chosen.name, "state": "blocked", "error": str(error)})
        except WeftError as error:
            reports.append({"sync": chosen.name, "state": "failed", "error": str(error)})
        else:
            reports.append(asdict(report))
    return keep(
        session, "sync", {"target": session.project.target, "dry_run": dry_run, "syncs": reports}
    )


def run_pipeline(session: Session) -> Figures:
    """Load, build and sync. After a build in which anything failed nothing is sent."""
    load_events(session)
    if build_models(session)["failures"]:
        return session.run.figures
    push_syncs(session)
    return session.run.figures


def exit_code(figures: Figures) -> int:
    """The exit code that the figures of a run's steps amount to."""
    states = {report["state"] for report in figures.get("sync", {}).get("syncs", ())}
    if "blocked" in states:
        return BlockedError.exit_code
    if "failed" in states or figures.get("build", {}).get("failures"):
        return WeftError.exit_code
    return 0


def _chosen_syncs(session: Session, names: Sequence[str]) -> "list[Sync]":
    from reverse_etl.syncs import read_syncs, select_syncs
    from warehouse.dbt import load_manifest

    return select_syncs(read_syncs(session.project, load_manifest(session.project)), names)


def keep(session: Session, step: str, figures: Figures) -> Figures:
    """Keep a step's figures with the run."""
    session.run.figures[step] = figures
    return figures
