"""Random edits and faults: after a clean push the destination equals the source."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.reverse_etl.house import House, webhook
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
}


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
        if not self.push_once():
            return
        fields = self.house.settings["fields"]
        expected = {key: {"name": name} if fields else {} for key, name in self.source.items()}
        assert self.receiver.members == expected
        assert self.house.acknowledged() == expected
        assert not self.house.plan().has_changes

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


TestSyncing = Syncing.TestCase
TestSyncing.settings = settings(
    max_examples=10,
    stateful_step_count=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
