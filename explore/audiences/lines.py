"""Which line of a model made a line of its compiled SQL."""

import re
from difflib import SequenceMatcher


def source_line(source: str, compiled: str, word: str, line: int) -> int:
    """The line of a word in a model's own file, both counted from 1.

    Lines without Jinja are the same in both. Where dbt wrote others in their place, the word is
    looked for in the lines it replaced, then in the whole file; else it is the line from which
    it most likely came.
    """
    written, made = source.splitlines(), compiled.splitlines()
    first, last, likely = _origin(written, made, line - 1)
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    candidates: list[int] = [*range(first, last), *range(len(written))]
    for number in candidates:
        if word and pattern.search(written[number]):
            return number + 1
    return likely + 1


def _origin(written: list[str], made: list[str], line: int) -> tuple[int, int, int]:
    """The range of written lines from which a made line comes, and the likeliest of them."""
    matcher: SequenceMatcher[str] = SequenceMatcher(None, written, made, autojunk=False)
    for kind, first, last, made_first, made_last in matcher.get_opcodes():
        if made_first <= line < made_last:
            # One line that stays one, then one that became many, is the usual shape.
            likely: int = max(first, min(first + line - made_first, last - 1))
            return (likely, likely + 1, likely) if kind == "equal" else (first, last, likely)
    return 0, len(written), 0
