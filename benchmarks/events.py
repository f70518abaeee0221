"""Seeded events for benchmarks, with everything in them that loaders trip over."""

import json
import random
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

NAMES = (
    *("Order Completed", "Product Viewed", "Product Added", "Cart Viewed"),
    *("Signed Up", "Button Clicked"),
)
_START = datetime(2026, 3, 1)
_BROKEN_EVERY = 1_000


@dataclass(frozen=True)
class Written:
    """Files of events, and what is odd about them.

    ``dirty`` has broken lines, a field first seen late and a late value of another type; ``clean``
    is the same without. ``events`` counts the valid ones of ``dirty``, ``broken`` the others.
    """

    dirty: Path
    clean: Path
    events: int
    broken: int
    late_field_id: str
    conflict_id: str


def write_mixed(folder: Path, count: int, seed: int = 7) -> Written:
    """Write ``count`` lines of about 585 bytes: 70 % tracks, 20 % pages, 10 % identifies."""
    generator = random.Random(seed)
    late, conflict = count * 9 // 10, count * 19 // 20
    dirty, clean = folder / f"mixed_{seed}.ndjson", folder / "clean" / f"mixed_{seed}.ndjson"
    clean.parent.mkdir(parents=True, exist_ok=True)
    broken = 0
    with dirty.open("w", encoding="utf-8") as soiled, clean.open("w", encoding="utf-8") as pure:
        for number in range(count):
            line = _line(generator, number, seed, is_added=number in (late, conflict))
            if number == late:
                soiled.write(line.replace('"properties":{', '"properties":{"gift_note":"é!",'))
            elif number == conflict:
                soiled.write(line.replace('"quantity":', '"quantity":"many","quantity_sent":'))
            elif number % _BROKEN_EVERY == _BROKEN_EVERY // 2:
                soiled.write(line[: len(line) // 2] + "\n")
                broken += 1
                continue
            else:
                soiled.write(line)
            pure.write(line)
    ids = (message_id(seed, number) for number in (late, conflict))
    return Written(dirty, clean, count - broken, broken, *ids)


def write_wide(path: Path, names: int, properties: int, rows: int, widest: int) -> None:
    """Events of many names with many properties each, and one event that has ``widest``."""
    with path.open("w", encoding="utf-8") as file:
        for row in range(rows):
            for name in range(names):
                values = {f"field_{name}_{place}": row * place for place in range(properties)}
                file.write(_wide_line(f"Event {name}", f"{row}-{name}", values))
        file.write(_wide_line("Widest", "widest", {f"p{n}": str(n) for n in range(widest)}))


def message_id(seed: int, number: int) -> str:
    """The id of an event: a UUID in upper case, which must stay so."""
    return str(uuid.UUID(int=(seed << 64) + number * 0x9E3779B97F4A7C15)).upper()


def _wide_line(name: str, message: str, properties: Mapping[str, object]) -> str:
    event = {"type": "track", "event": name, "messageId": message, "userId": "u1"}
    return json.dumps({**event, "sentAt": "2026-03-01", "properties": properties}) + "\n"


def _line(generator: random.Random, number: int, seed: int, *, is_added: bool) -> str:
    at = (_START + timedelta(seconds=number)).isoformat() + f".{number % 1000:03}Z"
    anonymous = uuid.UUID(int=generator.getrandbits(128))
    parts = [
        f'{{"messageId":"{message_id(seed, number)}","anonymousId":"{anonymous}"',
        f'"timestamp":"{at}","sentAt":"{at}"',
        *_call(generator, at, is_added=is_added),
        _context(generator),
    ]
    return ",".join(parts) + "}\n"


def _call(generator: random.Random, at: str, *, is_added: bool) -> Iterator[str]:
    user = generator.randrange(20_000)
    kind = 0.0 if is_added else generator.random()
    if kind >= 0.9 or generator.random() < 0.5:
        yield f'"userId":"user-{user}"'
    if kind < 0.7:
        name = "Product Added" if is_added else generator.choice(NAMES)
        order = f',"shipping":{{"city":"Köln"}},"list":[1,2],"at":"{at}"' if name[0] == "O" else ""
        yield f'"type":"track","event":"{name}"'
        yield (
            f'"properties":{{"product_id":"sku-{generator.randrange(999)}",'
            f'"price":{generator.randrange(10_000) / 100},"quantity":{generator.randrange(1, 5)},'
            f'"in_stock":{str(generator.random() < 0.5).lower()},"category":"Games"{order}}}'
        )
    elif kind < 0.9:
        yield '"type":"page","name":"Home"'
        yield '"properties":{"path":"/","url":"https://shop.example.com/","title":"Home"}'
    else:
        yield '"type":"identify"'
        yield (
            f'"traits":{{"email":"user{user}@example.com","firstName":"Ann","plan":"pro",'
            f'"logins":{generator.randrange(100)},"address":{{"city":"Köln"}}}}'
        )


def _context(generator: random.Random) -> str:
    page = generator.randrange(500)
    return (
        f'"context":{{"ip":"10.{generator.randrange(255)}.{generator.randrange(255)}.7",'
        '"library":{"name":"analytics.js","version":"2.1.0"},"locale":"en-GB",'
        f'"page":{{"path":"/p/{page}","url":"https://shop.example.com/p/{page}"}},'
        '"campaign":{"source":"google"},"userAgent":"Mozilla/5.0 (X11; Linux)"}'
    )
