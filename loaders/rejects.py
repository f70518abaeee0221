"""Lines that are no events, kept with the reason."""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from loaders.envelopes import ARRIVED
from loaders.landing import Load
from loaders.structure import literal
from warehouse.system_tables import REJECTS

_URIS = "weft_uris"
_KNOWN = "weft_known_rejects"
_KEY = "uri, line, reason, raw"


def keep_rejects(load: Load, uris: Sequence[str]) -> Counter[str]:
    """Keep the lines of ARRIVED that are no events in ``weft.rejects``; how many for which reason.

    ``uris`` are the files by their number. A line is kept once, however often its file is read.
    """
    parser = load.warehouse.parser
    rows = parser.execute(
        f"select file, reason, count(*) from {ARRIVED} where reason is not null group by all"
    ).fetchall()
    if not rows:
        return Counter()
    known = _known(load, sorted({uris[file] for file, _, _ in rows}))
    files = pa.array(range(len(uris)), pa.int32())
    parser.register(_URIS, pa.table({"file": files, "uri": pa.array(uris, pa.string())}))
    parser.register(_KNOWN, known)
    try:
        load.warehouse.insert_parsed(
            REJECTS,
            ["load_id", "source", "uri", "line", "reason", "raw", "rejected_at"],
            f"""
            select {load.load_id}, {literal(load.source)}, uri, line, reason, raw, {load.load_time}
            from {ARRIVED}
            join {_URIS} using (file)
            {f"anti join {_KNOWN} using ({_KEY})" if known.num_rows else ""}
            where reason is not null
            """,
        )
    finally:
        parser.unregister(_KNOWN)
        parser.unregister(_URIS)
    reasons: Counter[str] = Counter()
    for _, reason, count in rows:
        reasons[reason] += count
    return reasons


def _known(load: Load, uris: Sequence[str]) -> pa.Table:
    """The rejects of files from the times they were read before."""
    places = ", ".join("?" * len(uris))
    return load.warehouse.arrow(
        f"select {_KEY} from {REJECTS} where source = ? and uri in ({places})",
        [load.source, *uris],
    )
