"""Random people who share identifiers, for comparing with the oracle."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.dbt_project.identity_world import Call
from tests.dbt_project.oracle import Answer, Identifier, Observation, Rule, Rules, solve

TYPES = (
    Rule("user_id", unique=True),
    Rule("email", limit=2),
    Rule("phone", limit=1),
    Rule("device", limit=2, window=timedelta(days=2)),
    Rule("anonymous_id"),
)
BLOCKED = {
    "user_id": ("all",),
    "email": ("all", "mail"),
    "other_email": ("all", "mail"),
} | dict.fromkeys(("phone", "device", "anonymous_id"), ("all",))
"""Beginnings of values that are blocked, per column: `all` for every type, `mail` for email."""

IDENTIFIERS: list[dict[str, Any]] = [
    {"type": "user_id", "unique": True, "from": ["user_id"]},
    {
        "type": "email",
        "limit": 2,
        "block": {"patterns": ["^mail"]},
        "from": ["tracks.email", "other_email"],
    },
    {"type": "phone", "limit": 1, "from": ["phone"]},
    {"type": "device", "limit": {"count": 2, "window": "2 days"}, "from": ["device"]},
    {"type": "anonymous_id", "from": ["anonymous_id"]},
]
MODELS = [
    {
        "model": "contacts",
        "id": "id",
        "timestamp": "timestamp",
        "identifiers": {"user_id": "user_id", "email": "email", "phone": "phone"},
    }
]


@dataclass
class Graph:
    """Some calls that share identifiers among themselves and with no other graph."""

    calls: list[Call]
    never_link: list[tuple[Identifier, Identifier]] = field(default_factory=list)
    always_link: list[tuple[Identifier, Identifier]] = field(default_factory=list)

    def observations(self) -> list[Observation]:
        """What the calls say."""
        from tests.dbt_project.identity_world import observed

        return observed(self.calls, BLOCKED)

    def answer(self) -> Answer:
        """Who is who."""
        return solve(self.observations(), Rules(TYPES, self.never_link, self.always_link))


def identity_rules(graphs: Sequence[Graph], models: bool = True) -> dict[str, Any]:
    """`vars: identity:` for some graphs."""
    return {
        "identifiers": IDENTIFIERS,
        "models": MODELS if models else [],
        "block": {"patterns": ["^all"]},
        "never_link": _written(pair for graph in graphs for pair in graph.never_link),
        "always_link": _written(pair for graph in graphs for pair in graph.always_link),
        "salt": "graphs",
    }


def random_graph(seed: int) -> Graph:
    """A graph of some tens of calls: shared devices, ties of time, late and missing times."""
    chance = random.Random(seed)
    pools = {
        "user_id": _pool(chance, seed, "user", chance.choice([0, 1, 3])),
        "email": _pool(chance, seed, chance.choice(["e", "mail", "E'm"]), chance.randint(0, 5)),
        "phone": _pool(chance, seed, "phone", chance.randint(0, 3)),
        "device": _pool(chance, seed, "device", chance.randint(0, 5)),
        "anonymous_id": _pool(chance, seed, chance.choice(["a", "all"]), chance.randint(1, 8)),
    }
    days = chance.choice([1, 3, 10])
    calls = [
        _call(chance, f"{seed}-{number}", pools, days) for number in range(chance.randint(1, 25))
    ]
    graph = Graph(calls)
    found = sorted({one for seen in graph.observations() for one in seen.identifiers})
    if len(found) > 3 and chance.random() < 0.15:
        left, right = chance.sample(found, 2)
        graph.always_link = [(left, right)]
        if chance.random() < 0.3:
            graph.always_link.append((right, chance.choice([one for one in found if one != right])))
    if len(found) > 3 and chance.random() < 0.3:
        bound = {one for pair in graph.always_link for one in pair}
        pairs = [chance.sample(found, 2) for _ in range(chance.randint(1, 2))]
        graph.never_link = [(left, right) for left, right in pairs if not {left, right} <= bound]
    return graph


def _pool(chance: random.Random, seed: int, word: str, count: int) -> list[str]:
    return [f"{word}-{seed}-{number}-{chance.randint(0, 99)}" for number in range(count)]


def _call(chance: random.Random, name: str, pools: dict[str, list[str]], days: int) -> Call:
    start = datetime(2026, 9, 1)
    timestamp = start + timedelta(days=chance.randint(0, days), hours=chance.choice([0, 0, 12]))
    is_contact = chance.random() < 0.15
    types = ["user_id", "email", "phone"] if is_contact else list(pools)
    chosen = chance.sample(types, chance.choice([1, 2, 2, 2, 3, len(types)]))
    values = {type: chance.choice(pools[type]) for type in chosen if pools[type]}
    if is_contact:
        return Call(name, timestamp if chance.random() < 0.6 else None, values, is_contact=True)
    if "email" in values and chance.random() < 0.4:
        values["other_email"] = chance.choice(pools["email"])
    received_at = timestamp + timedelta(hours=chance.choice([0, 0, 0, -30, 5]))
    return Call(name, timestamp, values, received_at)


def _written(pairs: Any) -> list[list[str]]:
    return [[f"{type}: {value}" for type, value in pair] for pair in pairs]
