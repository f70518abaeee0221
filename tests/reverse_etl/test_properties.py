"""Random edits and faults: after a clean push the destination equals the source."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from reverse_etl.bindings import reset
from reverse_etl.selection import Selection
from tests.reverse_etl.crashing import run_and_die
from tests.reverse_etl.house import SYNC, House, webhook
from tests.reverse_etl.receiver import Reply, receiving
from warehouse.errors import BlockedError

KEYS = st.sampled_from(["ada", "bob", "O'Brien", "🙂", "é\n", '"x"', "[1]", "null"])
VALUES = st.sampled_from(["", "a", "b", "O'Brien"]) | st.text(max_size=5)
FAULTS = {
    "none": Reply(),
    "burst": Reply(status=500),
    "lost answer": Reply(applied=True, dropped=True),
    "lost request": Reply(applied=False, dropped=True),
    "limit": Reply(status=429, headers={"Retry-After": "0"}),
    "credentials": Reply(status=401),
    "applied, then an error": Reply(status=503, applied=True),
    "too large": Reply(status=413),
    "refused together": Reply(status=422),
    "not there": Reply(status=404),
    "half an answer": Reply(applied=True, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
}
CRASHES = ("after_plan", "after_intent", "after_send", "before_snapshot_commit")


class Syncing(RuleBasedStateMachine):
    """The source is a dictionary; so is what the receiver holds."""

    @initialize(mode=st.sampled_from(["mirror", "audience"]), per_request=st.integers(1, 3))
    def start(self, mode: str, per_request: int) -> None:
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.receiver = self.stack.enter_context(receiving())
        self.house = self.stack.enter_context(
            House(
                folder,
                destination=webhook(self.receiver.url, rows_per_request=per_request),
                mode=mode,
                key="email",
                fields={"name": "name"} if mode == "mirror" else {},
                guard={"min_rows": 0},
            )
        )
        self.source: dict[str, str] = {}
        self.forgotten: set[str] = set()

    @rule(edits=st.dictionaries(KEYS, VALUES, max_size=4))
    def put(self, edits: dict[str, str]) -> None:
        self.source.update(edits)

    @rule(keys=st.sets(KEYS, max_size=3))
    def take(self, keys: set[str]) -> None:
        for key in keys:
            self.source.pop(key, None)

    @rule(faults=st.lists(st.sampled_from(sorted(FAULTS)), max_size=4))
    def push(self, faults: list[str]) -> None:
        self.receiver.replies = [FAULTS[fault] for fault in faults]
        self.push_once()
        self.receiver.replies = []

    @rule()
    def settle(self) -> None:
        if not self.push_once() or not self.send_refused_again():
            return
        fields = self.house.settings["fields"]
        expected = {key: {"name": name} if fields else {} for key, name in self.source.items()}
        held = dict(self.receiver.members)
        left = {key: held.pop(key) for key in set(held) - set(expected)}
        assert held == expected
        # What was acknowledged before a reset is not known any more, and never removed.
        assert set(left) <= self.forgotten
        self.forgotten = set(left)
        assert self.house.acknowledged() == expected
        assert not self.house.plan().has_changes

        assert self.receiver.keys_twice_at_once == []

    @rule()
    def reset(self) -> None:
        """Once all is well, forget what was acknowledged: everything is sent anew."""
        if not self.push_once() or not self.send_refused_again():
            return
        account = self.house.rows("select max(account) as account from weft.sync_plans")
        reset(self.house.warehouse, SYNC, account[0]["account"], "crm")
        self.forgotten |= set(self.receiver.members)

    def send_refused_again(self) -> bool:
        """What was refused for good comes back when it changes: here, when its mode does."""
        refused = self.house.rows("select 1 from weft.sync_plans where rejected_earlier > 0")
        if refused:
            self.house.push(selection=Selection(retry_rejected=True))
        return True

    def push_once(self) -> bool:
        self.house.fill((key, name, 0) for key, name in self.source.items())
        try:
            report = self.house.push()
        except BlockedError:
            assert not self.source
            return False
        assert report.attempted.total == report.succeeded.total + report.failed.total
        return True

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            try:
                self.settle()
            finally:
                self.stack.close()


class SyncingWithCrashes(Syncing):
    """As above, in a process that may die at any named moment."""

    @rule(point=st.sampled_from(CRASHES), time=st.integers(1, 3))
    def die(self, point: str, time: int) -> None:
        self.house.fill((key, name, 0) for key, name in self.source.items())
        self.house.close()
        assert run_and_die(self.house.folder, f"{point}:{time}") in (0, 3, 137)


TestSyncing = Syncing.TestCase
TestSyncing.settings = settings(
    max_examples=10,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestSyncingWithCrashes = pytest.mark.slow(SyncingWithCrashes.TestCase)
TestSyncingWithCrashes.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
