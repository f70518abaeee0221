"""The oracle: links one after the other, in order, each taken unless it would join two anchors."""

from collections.abc import Iterable, Sequence


def solve(
    nodes: Iterable[str], anchors: set[str], links: Sequence[tuple[str, str]]
) -> set[frozenset[str]]:
    """The trees as sets of nodes. ``links`` stand in the order in which they count."""
    tree = {node: {node} for node in nodes}
    for left, right in links:
        joined = tree[left] | tree[right]
        if tree[left] is not tree[right] and len(joined & anchors) <= 1:
            for node in joined:
                tree[node] = joined
    return {frozenset(members) for members in tree.values()}
