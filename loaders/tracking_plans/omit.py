"""Properties that a tracking plan leaves out, taken out of the events' documents."""

import json
from typing import Any

import duckdb
import pyarrow as pa

from loaders.envelopes import ARRIVED
from loaders.tracking_plans.settings import UNPLANNED_PROPERTY

OMISSIONS = "weft_omissions"
"""The parser's table of what is left out: an event's ``number``, and its breaches as text."""

Patch = dict[str, Any]


def omit(parser: duckdb.DuckDBPyConnection, breaches: str) -> int:
    """Take what is at fault out of the documents of ARRIVED; how many events lose something.

    ``breaches`` is SQL for the rows of BREACHES (what follows ``from``) to leave out. What an event
    has lost is written into its ``context.protocols``, as Segment does.
    """
    parser.execute(f"""
        create or replace temp table {OMISSIONS} as
        select
            number,
            string_agg(distinct kind || ' ' || keys, chr(10) order by kind || ' ' || keys) as losses
        from {breaches}
        group by number
    """)
    found = parser.execute(f"select distinct losses from {OMISSIONS} order by losses").fetchall()
    if not found:
        return 0
    parser.register(
        "weft_patches", pa.Table.from_pylist([_patch_row(losses) for (losses,) in found])
    )
    try:
        parser.execute(f"""
            update {ARRIVED} as arrived
            set
                properties = {_without("properties")},
                traits = {_without("traits")},
                context = json_merge_patch(coalesce(context, '{{}}'), context_patch)::varchar
            from {OMISSIONS} as omissions join weft_patches using (losses)
            where omissions.number = arrived.number
        """)
    finally:
        parser.unregister("weft_patches")
    count = parser.execute(f"select count(*) from {OMISSIONS}").fetchall()[0][0]
    return int(count)


def _without(document: str) -> str:
    # A patch would make an empty document of one that is not there.
    patched = f"json_merge_patch({document}, {document}_patch)::varchar"
    return f"case when {document} is not null then {patched} end"


def _patch_row(losses: str) -> dict[str, str]:
    """Merge patches (RFC 7396) of the three documents for a set of losses."""
    patches: dict[str, Patch] = {"properties": {}, "traits": {}}
    unplanned: list[str] = []
    violating: list[str] = []
    for loss in losses.split("\n"):
        kind, _, path = loss.partition(" ")
        document, *keys = json.loads(path)
        _remove(patches[document], keys)
        (unplanned if kind == UNPLANNED_PROPERTY else violating).append(".".join(keys))
    protocols = {"omitted": unplanned, "omitted_on_violation": violating}
    context: Patch = {"protocols": {name: names for name, names in protocols.items() if names}}
    if patches["traits"]:
        # The traits of an identify in its context land as well.
        context["traits"] = patches["traits"]
    return {
        "losses": losses,
        "properties_patch": json.dumps(patches["properties"]),
        "traits_patch": json.dumps(patches["traits"]),
        "context_patch": json.dumps(context),
    }


def _remove(patch: Patch, keys: list[str]) -> None:
    for key in keys[:-1]:
        inner = patch.setdefault(key, {})
        if inner is None:
            return  # what contains it goes as a whole
        patch = inner
    patch[keys[-1]] = None
