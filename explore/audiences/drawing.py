"""The size of an audience over time, as a drawing that needs nothing but a browser."""

from collections.abc import Sequence
from datetime import date
from html import escape

from explore.audiences.history import AudienceSize

_WIDTH, _HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 48, 40
_MOST_DATES = 6
_MOST_DOTS = 60


def draw_history(audience: str, sizes: Sequence[AudienceSize]) -> str:
    """An SVG of the sizes: a line of steps, since between two changes a size stays the same."""
    body = _chart(sizes) if sizes else _text(_WIDTH // 2, _HEIGHT // 2, "Nobody yet", "middle")
    title = escape(audience)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" role="img" font-family="sans-serif"'
        f' font-size="12" fill="#57606a">\n<title>Size of {title} over time</title>\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>\n'
        f'<text x="{_LEFT}" y="26" font-size="15" font-weight="bold" fill="#1f2328">'
        f"{title}</text>\n"
        f"{body}\n</svg>\n"
    )


def _chart(sizes: Sequence[AudienceSize]) -> str:
    first, last = sizes[0].as_of, sizes[-1].as_of
    highest = _round_up(max(size.size for size in sizes))
    points = [(_x(size.as_of, first, last), _y(size.size, highest)) for size in sizes]
    right = _WIDTH - _RIGHT
    steps = f"M{points[0][0]} {points[0][1]}" + "".join(f"H{x}V{y}" for x, y in points[1:])
    steps += f"H{right}"
    area = f"{steps}V{_y(0, highest)}H{points[0][0]}Z"
    return "\n".join(
        [
            *_grid(highest),
            f'<path d="{area}" fill="#0969da" fill-opacity="0.12"/>',
            f'<path d="{steps}" fill="none" stroke="#0969da" stroke-width="2"/>',
            *_dots(points),
            *_dates(sizes, first, last),
            _text(right, 26, f"{sizes[-1].size:,} on {last}", "end"),
        ]
    )


def _dots(points: Sequence[tuple[float, float]]) -> list[str]:
    if len(points) > _MOST_DOTS:
        return []
    return [f'<circle cx="{x}" cy="{y}" r="3" fill="#0969da"/>' for x, y in points]


def _grid(highest: int) -> list[str]:
    lines = []
    for part in range(5):
        value = highest * part // 4
        y = _y(value, highest)
        lines.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#d8dee4"/>'
        )
        lines.append(_text(_LEFT - 8, y + 4, f"{value:,}", "end"))
    return lines


def _dates(sizes: Sequence[AudienceSize], first: date, last: date) -> list[str]:
    """The dates that fit, the first and last among them."""
    days = (last - first).days
    count = min(_MOST_DATES, days + 1)
    chosen = [
        first.fromordinal(first.toordinal() + (days * number // max(1, count - 1)))
        for number in range(count)
    ]
    anchors = ["start", *["middle"] * (count - 2), "end"] if count > 1 else ["start"]
    return [
        _text(_x(day, first, last), _HEIGHT - 14, day.isoformat(), anchor)
        for day, anchor in zip(chosen, anchors, strict=True)
    ]


def _x(day: date, first: date, last: date) -> float:
    share = (day - first).days / max(1, (last - first).days)
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(size: int, highest: int) -> float:
    return round(_HEIGHT - _BOTTOM - size / highest * (_HEIGHT - _TOP - _BOTTOM), 1)


def _round_up(size: int) -> int:
    """The next number of which a quarter has one digit that is not zero: 4, 8, 12 … 36, 40, 80 …"""
    scale = 4
    while scale * 9 < size:
        scale *= 10
    return scale * max(1, -(-size // scale))


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
