"""The oracle: who is who, link by link, in plain Python.

Kruskal's algorithm with anchors, one link after the other in order of weight; then the cuts. It is
slow and short, to be compared with what the dbt project computes.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Identifier = tuple[str, str]
"""Type and value."""

Order = tuple[datetime, str, int, str]
"""What links are sorted by: time, hash of the event, priority and value of the second."""

_FIRST: Order = (datetime.min, "", 0, "")
"""The order of what always_link joins: before all links."""


@dataclass(frozen=True)
class Rule:
    """An identifier type: whether it is unique, and how many values a profile takes otherwise."""

    type: str
    unique: bool = False
    limit: int | None = None
    window: timedelta | None = None


@dataclass(frozen=True)
class Rules:
    """The types in order of priority, and the pairs that are kept apart or together."""

    types: Sequence[Rule]
    never_link: Sequence[tuple[Identifier, Identifier]] = ()
    always_link: Sequence[tuple[Identifier, Identifier]] = ()

    def priority(self, identifier: Identifier) -> int:
        """The rank of an identifier's type, 0 the first."""
        return next(rank for rank, rule in enumerate(self.types) if rule.type == identifier[0])


@dataclass(frozen=True)
class Observation:
    """An event, or row of a model, with its identifiers, normalised and unblocked."""

    source: str
    id: str
    seen_at: datetime | None
    identifiers: frozenset[Identifier]


@dataclass(frozen=True)
class Link:
    """The earliest link between two identifiers, the one of higher priority first."""

    first: Identifier
    second: Identifier
    order: Order


@dataclass
class Answer:
    """The profiles as sets of identifiers, and each refused pair with the reason."""

    profiles: set[frozenset[Identifier]] = field(default_factory=set)
    refused: set[tuple[Identifier, Identifier, str]] = field(default_factory=set)


def solve(observations: Iterable[Observation], rules: Rules) -> Answer:
    """Who is who."""
    observations = list(observations)
    seen = _first_seen(observations)
    links = sorted(_links(observations, rules), key=lambda link: link.order)
    joined = _joined_pairs(seen, rules)
    tree, accepted = _kruskal(seen, joined, links, rules)
    answer = Answer()
    for members in {id(one): one for one in tree.values()}.values():
        _Tree(members, [link for link in accepted if link.first in members], rules, seen).cut(
            answer
        )
    answer.refused |= {
        (link.first, link.second, "unique")
        for link in links
        if tree[link.first] is not tree[link.second]
    }
    return answer


def _first_seen(observations: Iterable[Observation]) -> dict[Identifier, datetime]:
    seen: dict[Identifier, datetime] = {}
    for observation in observations:
        for identifier in observation.identifiers:
            at = observation.seen_at or datetime.max
            seen[identifier] = min(at, seen.get(identifier, datetime.max))
    return seen


def _links(observations: Iterable[Observation], rules: Rules) -> Iterable[Link]:
    """The star of every event, the earliest link per pair."""
    earliest: dict[tuple[Identifier, Identifier], Link] = {}
    for seen in observations:
        digest = hashlib.md5(f"{seen.source}:{seen.id}".encode()).hexdigest()
        star = sorted(seen.identifiers, key=lambda one: (rules.priority(one), one[1]))
        for first, other in zip(star[:1] * len(star), star[1:], strict=False):
            order = (seen.seen_at or datetime.max, digest, rules.priority(other), other[1])
            link = Link(first, other, order)
            known = earliest.setdefault((first, other), link)
            if order < known.order:
                earliest[first, other] = link
    return earliest.values()


def _joined_pairs(present: Mapping[Identifier, object], rules: Rules) -> list[Link]:
    """What always_link joins among the identifiers that are there: a star per group."""
    group = {one: {one} for pair in rules.always_link for one in pair}
    for left, right in rules.always_link:
        merged = group[left] | group[right]
        for one in merged:
            group[one] = merged
    links = []
    for members in {id(one): one for one in group.values()}.values():
        star = sorted(members & present.keys())
        links += [Link(star[0], other, _FIRST) for other in star[1:]]
    return links


def _kruskal(
    nodes: Iterable[Identifier], joined: Sequence[Link], links: Sequence[Link], rules: Rules
) -> tuple[dict[Identifier, set[Identifier]], list[Link]]:
    """The tree of each node, and the links that hold the trees together."""
    unique = {rule.type for rule in rules.types if rule.unique}
    tree = {node: {node} for node in nodes}
    anchored = {node: node[0] in unique for node in tree}
    accepted = []
    for link in [*joined, *links]:
        left, right = tree[link.first], tree[link.second]
        both = anchored[link.first] and anchored[link.second]
        if left is right or (both and link.order != _FIRST):
            continue
        is_anchored = anchored[link.first] or anchored[link.second]
        left |= right
        for node in left:
            tree[node], anchored[node] = left, is_anchored
        accepted.append(link)
    return tree, accepted


class _Tree:
    """One tree, rooted, and what is cut of it."""

    def __init__(
        self,
        members: set[Identifier],
        links: Sequence[Link],
        rules: Rules,
        seen: Mapping[Identifier, datetime],
    ) -> None:
        self.members, self.links, self.rules = members, links, rules
        self.ends: dict[Identifier, list[Link]] = defaultdict(list)
        for link in links:
            self.ends[link.first].append(link)
            self.ends[link.second].append(link)
        unique = {rule.type for rule in rules.types if rule.unique}
        root = min(
            members, key=lambda one: (one[0] not in unique, seen[one], rules.priority(one), one[1])
        )
        self.above: dict[Identifier, tuple[Identifier, Link]] = {}
        walk = [root]
        while walk:
            node = walk.pop()
            for link in self.ends[node]:
                other = link.second if link.first == node else link.first
                if other != root and other not in self.above:
                    self.above[other] = (node, link)
                    walk.append(other)
        self.root = root

    def cut(self, answer: Answer) -> None:
        """Add the pieces and the cut links to an answer."""
        cuts = {node: "limit" for node in self._over() if node in self.above}
        pieces = self._pieces(cuts)
        for left, right in self.rules.never_link:
            if left in self.members and right in self.members and pieces[left] == pieces[right]:
                latest = self._latest_between(left, right)
                if latest is not None:
                    cuts.setdefault(latest, "never_link")
        pieces = self._pieces(cuts)
        by_top = defaultdict(set)
        for node, top in pieces.items():
            by_top[top].add(node)
        answer.profiles |= {frozenset(piece) for piece in by_top.values()}
        for node, reason in cuts.items():
            link = self.above[node][1]
            answer.refused.add((link.first, link.second, reason))

    def _over(self) -> Iterable[Identifier]:
        first = {node: min(link.order for link in ends) for node, ends in self.ends.items() if ends}
        for rule in self.rules.types:
            if rule.limit is None:
                continue
            values = [node for node in first if node[0] == rule.type]
            for node in values:
                earlier = [
                    other
                    for other in values
                    if first[other] < first[node]
                    and (rule.window is None or _age(first[node], first[other]) < rule.window)
                ]
                if first[node] != _FIRST and len(earlier) >= rule.limit:
                    yield node

    def _pieces(self, cuts: Mapping[Identifier, str]) -> dict[Identifier, Identifier]:
        """The top of the piece of each node."""
        tops = {}
        for node in self.members:
            top = node
            while top in self.above and top not in cuts:
                top = self.above[top][0]
            tops[node] = top
        return tops

    def _latest_between(self, left: Identifier, right: Identifier) -> Identifier | None:
        """The node below the latest link between two nodes."""
        ways = [set(self._way_up(node)) for node in (left, right)]
        between = [node for node in ways[0] ^ ways[1] if self.above[node][1].order != _FIRST]
        return max(between, key=lambda node: self.above[node][1].order, default=None)

    def _way_up(self, node: Identifier) -> Iterable[Identifier]:
        while node in self.above:
            yield node
            node = self.above[node][0]


def _age(later: Order, earlier: Order) -> timedelta:
    return later[0] - earlier[0]
