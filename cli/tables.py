"""Plain tables that read the same on a terminal, in a log and in a page of docs."""

from collections.abc import Sequence


def format_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under headings, in aligned columns; numbers to the right, with thousands marked."""
    texts = [[_text(value) for value in row] for row in rows]
    numeric = [
        bool(rows) and all(isinstance(row[column], int | float) for row in rows)
        for column in range(len(headings))
    ]
    widths = [
        max(len(line[column]) for line in [list(headings), *texts])
        for column in range(len(headings))
    ]
    lines = [list(headings), ["-" * width for width in widths], *texts]
    return "\n".join(_line(line, widths, numeric) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, numeric, strict=True)
    )
    return ("  " + "  ".join(aligned)).rstrip()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
