"""From a target that a destination does not name, nothing leaves the machine."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

import sample_data
from tests.command import run_weft
from tests.conftest import Shop


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every request that reaches the webhook's address."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("SHOP_WEBHOOK_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    yield seen
    server.shutdown()
    server.server_close()


def test_a_run_on_dev_writes_files_and_says_so(
    first_day: Shop, tmp_path: Path, requests: list[str]
) -> None:
    shop = first_day.copy(tmp_path / "shop")
    (shop.folder / "prod.duckdb").rename(shop.folder / "dev.duckdb")
    as_of = sample_data.FIRST_AS_OF.isoformat()
    shop.build_only("cart_abandoners", "high_value_customers")
    exports = sorted((shop.folder / "exports").rglob("*"))
    on_dev = ("--project-dir", str(shop.folder), "--target", "dev")
    finished = run_weft(*on_dev, "run", "--as-of", as_of, "--run-id", "try")
    assert finished.exit_code == 0, finished.errors
    assert "may not be reached from target dev" in finished.output
    written = {path.parent.name for path in (shop.folder / "target" / "syncs").rglob("*.jsonl")}
    # The files sync has nothing left to send; the webhook has another address than before.
    assert written == {"cart_abandoners_to_webhook"}
    assert requests == []
    assert sorted((shop.folder / "exports").rglob("*")) == exports
