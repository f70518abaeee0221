"""A vendor's API over loopback that knows its lines: expected requests, and their answers."""

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

from tests.reverse_etl.serving import Quiet, serving

PLACEHOLDERS = {
    "<any>": r"(?s).*",
    "<hex64>": r"[0-9a-f]{64}",
    "<ulid>": r"[0-7][0-9A-HJKMNP-TV-Z]{25}",
    "<uuid>": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
_PLACES = re.compile("|".join(map(re.escape, PLACEHOLDERS)))
_SENT = re.compile(r"<sent:([^>]+)>")
"""In an answer: what stood at this place of the request's JSON, such as inputs.0.id."""


class Vendor:
    """Answers requests with the lines of its ``script``, in order.

    ``faults`` says how requests differed from what was expected; ``requests`` keeps them as they
    arrived: method, path, headers and body. With ``echo`` every request is answered with that
    status and its own address and headers.
    """

    def __init__(self) -> None:
        self.url = ""
        self.script: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.faults: list[str] = []
        self.echo: int | None = None
        self._lock = threading.Lock()

    def play(self, script: Sequence[dict[str, Any]]) -> None:
        """Expect these requests, and no others, from now on."""
        self.script = list(script)

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body; None where the line says to hang up."""
        with self._lock:
            self.requests.append((method, path, headers, body))
            if self.echo is not None:
                return self.echo, {}, json.dumps({"path": path, "headers": headers}).encode()
            if not self.script:
                self.faults.append(f"one request too many: {method} {path} {body.decode()}")
                return 400, {}, b"{}"
            line = self.script.pop(0)
            self.faults += list(differences(line["request"], method, path, headers, body))
            return None if line.get("hang_up") else self._said(line["answer"], body)

    def _said(self, answer: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
        text = answer.get("text")
        if "json" in answer:
            text = json.dumps(answer["json"], default=str)
        headers = {
            name: self._filled(str(value)) for name, value in answer.get("headers", {}).items()
        }
        text = _SENT.sub(lambda place: _sent(body, place[1]), self._filled(text or ""))
        return answer["status"], headers, text.encode()

    def _filled(self, text: str) -> str:
        return text.replace("<now+1>", str(int(time.time()) + 1)).replace("<base>", self.url)


def _sent(body: bytes, place: str) -> str:
    found = json.loads(body)
    for step in place.split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    return str(found)


def differences(
    expected: dict[str, Any], method: str, path: str, headers: dict[str, str], body: bytes
) -> Iterator[str]:
    """How a request differs from the expected one."""
    where = f"{expected['method']} {expected['path']}"
    if method != expected["method"] or not _matches(expected["path"], path):
        yield f"{where} was expected, {method} {path} came: {body.decode()}"
        return
    for name, value in expected.get("headers", {}).items():
        if not _matches(str(value), headers.get(name.lower(), "")):
            yield f"{where}: the header {name} is {headers.get(name.lower())!r}, not {value!r}"
    text = body.decode()
    if "json" in expected:
        try:
            found = json.loads(text)
        except ValueError:
            found = text
        if not _alike(_plain(expected["json"]), found):
            yield f"{where}: the body is {text}, not {json.dumps(_plain(expected['json']))}"
    elif "form" in expected:
        if not _alike(dict(expected["form"]), dict(parse_qsl(text, keep_blank_values=True))):
            yield f"{where}: the form is {text}, not {expected['form']}"
    elif not _matches(str(expected.get("text", "")), text):
        yield f"{where}: the body is {text!r}, not {expected.get('text', '')!r}"


def _plain(value: Any) -> Any:
    """What YAML holds, as JSON does: moments as text."""
    return json.loads(json.dumps(value, default=lambda moment: moment.isoformat()))


def _alike(expected: Any, found: Any) -> bool:
    if expected == "<any>":
        return True
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and expected.keys() == found.keys()
            and all(_alike(value, found[name]) for name, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(found, list)
            and len(expected) == len(found)
            and all(map(_alike, expected, found))
        )
    if isinstance(expected, str):
        return isinstance(found, str) and _matches(expected, found)
    return bool(expected == found and type(expected) is type(found))


def _matches(expected: str, found: str) -> bool:
    places = _PLACES.findall(expected)
    if not places:
        return expected == found
    parts = [re.escape(part) for part in _PLACES.split(expected)]
    pattern = parts[0] + "".join(
        f"(?:{PLACEHOLDERS[place]}){part}" for place, part in zip(places, parts[1:], strict=True)
    )
    return re.fullmatch(pattern.replace("(?s)", ""), found, re.DOTALL) is not None


@contextmanager
def listening() -> Iterator[Vendor]:
    """A vendor that listens while the context lasts."""
    vendor = Vendor()

    class Handler(Quiet):
        def do_GET(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answered = vendor.answer(self.command, self.path, headers, body)
            if answered is None:
                self.close_connection = True
                return
            status, said, answer = answered
            self.send_response(status)
            for name, value in said.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            if status != 204:
                self.wfile.write(answer)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    with serving(Handler) as url:
        vendor.url = url
        yield vendor
