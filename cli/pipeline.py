"""The steps that commands are made of: load, build, plan, sync. Each returns its figures."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from cli.context import Session
from cli.figures import Figures, exit_code, keep
from cli.sync_steps import check_settings, push_syncs, tell_build

if TYPE_CHECKING:
    from loaders.report import LoadReport
    from warehouse.dbt import DbtResult
    from warehouse.manifest import Manifest

__all__ = ["Figures", "exit_code", "keep"]


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


def run_pipeline(session: Session) -> Figures:
    """Load, build and sync. After a build in which anything failed nothing is sent."""
    check_settings(session)
    load_events(session)
    failures = build_models(session)["failures"]
    tell_build(session, [failure["name"] for failure in failures])
    if failures:
        return session.run.figures
    push_syncs(session)
    return session.run.figures
