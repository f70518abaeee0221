"""A profile as an SVG drawing: boxes for identifiers, lines for what links them."""

from html import escape

from explore.profiles.graph import Box, Graph, Line

COLUMN, ROW = 420, 54
BEND = 64
"""Width in which a line finds its height; it then runs level, with its label on it."""
BOX_WIDTH, BOX_HEIGHT = 210, 40
LEFT, TOP = 24, 76
BOTTOM = 24
WIDTH = 720
"""The least width: that of the headline."""
FITS = 27
"""Characters of a value that fit into a box."""

COLOURS = ("#1d4ed8", "#b45309", "#047857", "#6d28d9", "#be123c", "#0e7490", "#4d7c0f", "#7c2d12")
"""Of identifier types, in the order in which the drawing meets them."""

STYLE = """
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2937 }
  .title { font-size: 16px; font-weight: 600 }
  .note, .label { fill: #6b7280; font-size: 11px }
  .type { font-size: 10px; font-weight: 600 }
  .came_in { stroke: #6b7280; stroke-width: 1.5; fill: none }
  .also { stroke: #a8b3c2; stroke-width: 1; fill: none }
  .refused { stroke: #dc2626; stroke-width: 1.5; stroke-dasharray: 6 4; fill: none }
  .refusal { fill: #dc2626 }
""".rstrip()


def write_svg(graph: Graph) -> str:
    """The drawing, a complete SVG document.

    Solid lines show how each identifier came in, thin ones what else was seen together, dashed
    ones links to other profiles that were refused.
    """
    types = dict.fromkeys(box.identifier_type for box in graph.boxes)
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(types)}
    width = LEFT * 2 + max(box.column for box in graph.boxes) * COLUMN + BOX_WIDTH
    height = TOP + (max(box.row for box in graph.boxes) + 1) * ROW + BOTTOM
    width = max(width, WIDTH)
    # What is thin lies below what matters.
    ordered = sorted(graph.lines, key=lambda line: line.kind != "also")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:g}"'
        f' width="{width}" height="{height:g}" role="img">',
        f"<title>{_text(f'Profile {graph.profile_id}')}</title>",
        f"<style>{STYLE}\n</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_headline(graph),
        *(_line(line, graph.boxes) for line in ordered),
        *(_label(line, graph.boxes) for line in ordered if line.kind != "also"),
        *(_box(box, colours[box.identifier_type]) for box in graph.boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _headline(graph: Graph) -> list[str]:
    count = f"{graph.identifiers:,} identifier{'s' if graph.identifiers != 1 else ''}"
    more = graph.identifiers - graph.drawn
    note = f"{count}, of which {more:,} are not drawn" if more else count
    return [
        f'<text class="title" x="{LEFT}" y="30">{_text(f"Profile {graph.profile_id}")}</text>',
        f'<text class="note" x="{LEFT}" y="50">{note} · solid: how each came in · thin: also seen'
        " together · dashed: refused</text>",
    ]


def _line(line: Line, boxes: list[Box]) -> str:
    near, far = boxes[line.near], boxes[line.far]
    if near.column > far.column:
        near, far = far, near
    x1, y1, y2 = _left(near) + BOX_WIDTH, _middle(near), _middle(far)
    x2 = _left(far)
    if near.column == far.column:
        # Out and back on the right, where no line of the tree begins at this height.
        path = f"M{x1} {y1:g} C{x1 + BEND} {y1:g} {x1 + BEND} {y2:g} {x1} {y2:g}"
    elif line.kind == "also":
        path = f"M{x1} {y1:g} C{x1 + BEND} {y1:g} {x2 - BEND} {y2:g} {x2} {y2:g}"
    else:
        half, level = x1 + BEND // 2, x1 + BEND
        path = f"M{x1} {y1:g} C{half} {y1:g} {half} {y2:g} {level} {y2:g} H{x2}"
    return f'<path class="{line.kind}" d="{path}"/>'


def _label(line: Line, boxes: list[Box]) -> str:
    far = boxes[line.far]
    kind = "label refusal" if line.kind == "refused" else "label"
    place = f'class="{kind}" x="{_left(far) - 8}" text-anchor="end"'
    return (
        f'<text {place} y="{_middle(far) - 5:g}">{_text(_cut(line.label, 22))}</text>'
        f'<text {place} y="{_middle(far) + 14:g}">{_text(line.when)}</text>'
    )


def _box(box: Box, colour: str) -> str:
    x, y = _left(box), _middle(box) - BOX_HEIGHT / 2
    dashes = ' stroke-dasharray="6 4"' if box.owner else ""
    owner = _owner(box)
    whole = f"{box.identifier_type}: {box.identifier_value}{owner}"
    return (
        f"<g><title>{_text(whole)}</title>"
        f'<rect x="{x}" y="{y:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"'
        f' fill="#fff" stroke="{colour}" stroke-width="1.5"{dashes}/>'
        f'<text class="type" x="{x + 10}" y="{y + 15:g}" style="fill:{colour}">'
        f"{_text(_cut(box.identifier_type + owner, 34))}</text>"
        f'<text x="{x + 10}" y="{y + 31:g}">{_text(_cut(box.identifier_value, FITS))}</text></g>'
    )


def _owner(box: Box) -> str:
    if box.owner is None:
        return ""
    is_itself = box.owner == f"{box.identifier_type}:{box.identifier_value}"
    return ", another profile" if is_itself else f" of {box.owner}"


def _left(box: Box) -> int:
    return LEFT + box.column * COLUMN


def _middle(box: Box) -> float:
    return TOP + box.row * ROW + BOX_HEIGHT / 2


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(text: str) -> str:
    """A text as XML may hold it: most control characters may not stand there at all."""
    return escape("".join(one if one.isprintable() else "�" for one in text))
