"""Push: a saved plan goes out, and what the destination acknowledged enters the snapshot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reverse_etl.destinations.files import file_name, json_lines
from reverse_etl.destinations.kit.file_base import FileDestination
from reverse_etl.destinations.kit.http_base import HttpDestination
from reverse_etl.destinations.kit.row_base import RowDestination
from reverse_etl.destinations.kit.rows import Row
from reverse_etl.destinations.kit.table_base import TableDestination
from reverse_etl.file_sending import FileSender, field_types
from reverse_etl.journal import open_journal
from reverse_etl.ledger import Ledger
from reverse_etl.mapping import resolve_mapping
from reverse_etl.outcomes import OutcomeKind
from reverse_etl.plan import Plan, purpose_of, snapshot_version
from reverse_etl.recovery import close_run
from reverse_etl.report import Counts, SyncReport, Tally
from reverse_etl.sync_runs import finish_sync_run, record_idle_sync_run, start_sync_run
from reverse_etl.syncs import Sync
from reverse_etl.transports.files import write_file
from reverse_etl.transports.opening import open_transport
from warehouse.engines import Warehouse
from warehouse.errors import BlockedError
from warehouse.progress import Progress, Silent
from warehouse.project import Project
from warehouse.runs import Run
from warehouse.system_tables import SYNC_PLANS, utc_now

FILE_PAGE_ROWS = 10_000


def push(
    warehouse: Warehouse,
    project: Project,
    sync: Sync,
    plan: Plan,
    run: Run,
    *,
    progress: Progress | None = None,
    approve: str | None = None,
    dry_run: bool = False,
) -> SyncReport:
    """Send a plan and record every answer.

    From a target that the destination does not name, and in a dry run, the rows go to a file
    under the project's target folder instead; ledger, snapshot and network are not touched and no
    environment variable is needed. ``approve`` lets the plan of this id pass its guards.

    Rows that fail do not raise: they are in the report. Raises BlockedError for a plan that is
    stale or blocked by a guard, ConfigurationError for an environment variable that is not set.
    """
    pushing = _Push(warehouse, project, sync, plan, run, progress or Silent())
    if dry_run or project.target not in sync.destination.description.targets:
        return pushing.divert()
    _refuse_stale(warehouse, sync, plan)
    if plan.guards and approve != plan.plan_id:
        error = _blocked_sentence(plan)
        record_idle_sync_run(warehouse, plan, run, "blocked", error)
        raise BlockedError(error)
    return pushing.send(approved=bool(plan.guards))


def send_plan(
    warehouse: Warehouse, project: Project, sync: Sync, plan: Plan, run: Run
) -> SyncReport:
    """Send a plan that needs no approval, whether or not the snapshot moved on since."""
    return _Push(warehouse, project, sync, plan, run, Silent()).send(approved=False)


class _Push:
    def __init__(
        self,
        warehouse: Warehouse,
        project: Project,
        sync: Sync,
        plan: Plan,
        run: Run,
        progress: Progress,
    ) -> None:
        self._warehouse, self._project = warehouse, project
        self._sync, self._plan, self._run = sync, plan, run
        self._progress = progress
        self._ledger = self._make_ledger()
        self._recorded_rows = 0

    def divert(self) -> SyncReport:
        """Write what would have been sent under ``target/syncs``."""
        path: Path | None = None
        if self._plan.planned:
            folder = self._project.target_path / "syncs" / file_name(self._plan.sync)
            path = folder / f"{file_name(self._run.run_id)}.jsonl"
            write_file(path, self._parts(json_lines))
        record_idle_sync_run(self._warehouse, self._plan, self._run, "diverted")
        return self._report(Tally(), "diverted", None, diverted=path)

    def send(self, *, approved: bool) -> SyncReport:
        """Reach the destination, unless there is nothing to send."""
        plan = self._plan
        send = self._sending() if plan.planned else None
        if approved:
            self._warehouse.execute(
                f"update {SYNC_PLANS} set approved_at = ? where plan_id = ?",
                [utc_now(), plan.plan_id],
            )
        start_sync_run(self._warehouse, plan, self._run)
        with self._closed_when_it_fails(), self._recorded():
            if plan.leaving:
                self._ledger.bury_leavers()
            report = send() if send else self._report(Tally(), "unchanged", None)
        finish_sync_run(self._warehouse, report)
        return report

    def _sending(self) -> Callable[[], SyncReport]:
        """How the rows go out. The one place where secrets are resolved."""
        entry = self._sync.destination
        destination = entry.open()
        if self._sync.account_of(destination) != self._plan.account:
            raise BlockedError(
                f"The plan {self._plan.plan_id} was made for another account of the destination "
                f"{entry.name!r} than the one it has now; make a new plan."
            )
        if isinstance(destination, FileDestination):
            return lambda: self._send_file(destination)
        if isinstance(destination, HttpDestination):
            return lambda: self._send_requests(destination)
        if isinstance(destination, TableDestination):
            return lambda: self._send_to_table(destination)
        if isinstance(destination, RowDestination):
            return lambda: self._send_rows(destination)
        raise TypeError(f"no transport for {type(destination).__name__}")

    def _send_requests(self, destination: HttpDestination) -> SyncReport:
        import asyncio

        from reverse_etl.sending import Sender, few_collections

        redact = self._sync.destination.redactor(destination)
        purpose = purpose_of(self._sync, self._plan)
        destination = destination.for_purpose(purpose).for_rows(self._plan.planned)
        sender = Sender(destination, purpose, self._ledger, redact, self._show_progress)
        with self._warehouse.many_commits(), few_collections():
            asyncio.run(sender.run())
        never_repeats = destination.never_repeats
        error = redact(sender.error or _failure_sentence(sender.tally, never_repeats=never_repeats))
        state = "failed" if error else "succeeded"
        return self._report(sender.tally, state, error)

    def _send_to_table(self, destination: TableDestination) -> SyncReport:
        from reverse_etl.tables import TableSender

        redact = self._sync.destination.redactor(destination)
        sender = TableSender(destination, self._ledger, redact, self._show_progress)
        with self._warehouse.many_commits():
            sender.run()
        error = redact(sender.error or _failure_sentence(sender.tally))
        return self._report(sender.tally, "failed" if error else "succeeded", error)

    def _send_rows(self, destination: RowDestination) -> SyncReport:
        from reverse_etl.row_sending import RowSender

        redact = self._sync.destination.redactor(destination)
        purpose = purpose_of(self._sync, self._plan)
        sender = RowSender(destination, purpose, self._ledger, redact, self._show_progress)
        with self._warehouse.many_commits():
            sender.run()
        error = redact(sender.error or _failure_sentence(sender.tally))
        return self._report(sender.tally, "failed" if error else "succeeded", error)

    def _send_file(self, destination: FileDestination) -> SyncReport:
        redact = self._sync.destination.redactor(destination)
        transport = open_transport(destination.transport, destination, self._project.folder)
        path = destination.path(self._plan.sync, self._run.run_id, self._run.as_of)
        types = field_types(resolve_mapping(self._warehouse, self._sync))
        sender = FileSender(destination, self._ledger, transport, path, self._show_progress)
        sender.run(types)
        state = "failed" if sender.error else "succeeded"
        files = tuple(file for file in sender.files if isinstance(file, Path))
        stored = tuple(file for file in sender.files if isinstance(file, str))
        return self._report(sender.tally, state, redact(sender.error), files=files, stored=stored)

    def _parts(self, encode: Callable[[list[Row]], bytes]) -> Iterator[bytes]:
        for page in self._ledger.pages(1, self._plan.planned, FILE_PAGE_ROWS):
            yield encode(page)
            self._show_progress(len(page))

    def _show_progress(self, rows: int) -> None:
        self._recorded_rows += rows
        self._progress.update(self._plan.sync, self._recorded_rows, self._plan.planned, "rows")

    def _make_ledger(self, journal: Warehouse | None = None) -> Ledger:
        keys = len(self._sync.settings.key)
        return Ledger(self._warehouse, self._plan, self._run, keys, journal)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Within, what the push records goes where commits are quick."""
        if not self._plan.planned and not self._plan.leaving:
            yield
            return
        with open_journal(self._warehouse, self._plan, self._run) as journal:
            self._ledger = self._make_ledger(journal)
            yield

    @contextmanager
    def _closed_when_it_fails(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            # Where the warehouse itself failed, the next run closes this one.
            with suppress(Exception):
                close_run(self._warehouse, self._run.run_id, self._plan.plan_id)
            raise

    def _report(
        self,
        tally: Tally,
        state: str,
        error: str | None,
        *,
        files: tuple[Path, ...] = (),
        stored: tuple[str, ...] = (),
        diverted: Path | None = None,
    ) -> SyncReport:
        plan = self._plan
        waiting = tally.outcomes[OutcomeKind.RETRY] + tally.outcomes[OutcomeKind.UNKNOWN]
        return SyncReport(
            sync=plan.sync,
            run_id=self._run.run_id,
            plan_id=plan.plan_id,
            destination=plan.destination,
            state=state,
            planned=Counts(plan.added, plan.changed, plan.removed),
            attempted=tally.attempted,
            succeeded=tally.succeeded,
            failed=tally.failed,
            unchanged=plan.unchanged,
            invalid=plan.invalid,
            rejected_earlier=plan.rejected_earlier,
            rejected=tally.outcomes[OutcomeKind.REJECTED],
            waiting=waiting,
            error=error,
            files=files,
            stored=stored,
            diverted=diverted,
        )


def _refuse_stale(warehouse: Warehouse, sync: Sync, plan: Plan) -> None:
    changed = None
    if plan.state == "pushed":
        changed = "it was already pushed"
    elif snapshot_version(warehouse, plan.sync, plan.account) != plan.base_version:
        changed = "the destination has acknowledged rows since"
    elif plan.mode != sync.settings.mode:
        changed = "the mode of the sync has changed since"
    elif plan.mapping_hash != resolve_mapping(warehouse, sync).hash:
        changed = "the key or the fields of the sync have changed since"
    elif sync.account() not in (None, plan.account):
        changed = "the destination has another account now"
    if changed:
        raise BlockedError(
            f"The plan {plan.plan_id} of {plan.sync!r} is stale: {changed}; make a new plan."
        )


def _blocked_sentence(plan: Plan) -> str:
    return (
        f"The sync {plan.sync!r} is blocked: {' '.join(plan.guards)} "
        f"Nothing was sent; to send exactly this plan, add: --approve {plan.plan_id}"
    )


def _failure_sentence(tally: Tally, *, never_repeats: bool = False) -> str | None:
    rejected = tally.outcomes[OutcomeKind.REJECTED]
    unknown = tally.outcomes[OutcomeKind.UNKNOWN]
    waiting = tally.outcomes[OutcomeKind.RETRY] + (0 if never_repeats else unknown)
    parts = []
    if never_repeats and unknown:
        parts.append(f"{unknown:,} rows may have arrived and are sent again only by a retry")
    if rejected:
        parts.append(f"{rejected:,} rows were rejected and wait until they change")
    if waiting:
        parts.append(f"{waiting:,} rows come back with the next run")
    return f"{' and '.join(parts)}; weft runs errors shows why." if parts else None
