"""Two commands at once on one DuckDB file."""

import subprocess
import sys
from pathlib import Path

from tests.command import run_weft

HOLD = (
    "import sys, pathlib\n"
    "from warehouse.engines.duckdb import DuckDBWarehouse\n"
    "with DuckDBWarehouse(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.readline()\n"
)


def test_the_second_says_who_holds_the_warehouse_and_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    run_weft("init", str(folder))
    event = '{"type":"track","event":"Order Completed","messageId":"m1","userId":"u1"}'
    events = folder / "events" / "web" / "day.ndjson"
    events.parent.mkdir(parents=True)
    events.write_text(event + "\n")
    (folder / "weft.yml").write_text("sources:\n  web:\n    files: events/web/*.ndjson\n")
    command = ["--project-dir", str(folder), "load"]

    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder / "dev.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        second = run_weft(*command)
        holder.stdin.write("\n")
        holder.stdin.flush()

    assert second.exit_code == 3
    assert f"process {holder.pid}" in second.errors
    assert "Traceback" not in second.errors
    again = run_weft(*command)
    assert again.exit_code == 0
    assert "1 events landed" in again.output or "1 event landed" in again.output
