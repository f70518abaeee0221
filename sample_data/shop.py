"""The whole sample shop in memory: everybody lives, then the files and answers are written."""

import json
from collections import defaultdict
from dataclasses import dataclass
from random import Random

from sample_data import answers
from sample_data.batches import File, write_down
from sample_data.days import STORY_ENDS
from sample_data.diary import Diary, Json
from sample_data.everyday import live_everyday
from sample_data.oddities import live_oddly
from sample_data.personas import Casting

SEED = "threadwork"


@dataclass(frozen=True)
class Shop:
    """Everything there is to write."""

    diaries: list[Diary]
    files: dict[str, dict[str, File]]
    answers: Json


def open_shop(seed: str = SEED) -> Shop:
    """Let the story happen."""
    casting = Casting(Random(seed))
    # The odd ones first: their names are given, the others take what is left.
    odd = list(live_oddly(casting, seed))
    diaries = [*odd, *live_everyday(casting, seed)]
    calls = [call for diary in diaries for call in diary.calls]
    late = [call for call in calls if call.received_at >= STORY_ENDS]
    if late:
        raise ValueError(f"{len(late)} calls were received after the end of the story")
    files = write_down(calls, seed)
    peculiarities = _peculiarities(diaries, files)
    chosen = _chosen(odd, diaries)
    return Shop(diaries, files, answers.tell(diaries, files, chosen, peculiarities))


def _peculiarities(diaries: list[Diary], files: dict[str, dict[str, File]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for diary in diaries:
        for name, identifiers in diary.notes.items():
            found[name].extend(identifiers)
    for batch, sources in files.items():
        for file in sources.values():
            found[f"duplicate_{batch}"].extend(file.repeated_ids)
    return dict(sorted(found.items()))


def _chosen(odd: list[Diary], diaries: list[Diary]) -> list[str]:
    """The odd ones that are told about, and a few ordinary people."""
    noted = [diary for diary in odd if diary.notes]
    ordinary = [diary for diary in diaries[len(odd) :] if diary.persona.user_id][::40]
    return [diary.persona.user_id for diary in (*noted, *ordinary) if diary.persona.user_id]


def as_json(content: Json) -> str:
    """The answers with one list entry a line, so that a difference can be read."""
    return _indented(content, "") + "\n"


def _indented(value: object, indent: str) -> str:
    inner = indent + " "
    if isinstance(value, dict) and any(isinstance(item, dict | list) for item in value.values()):
        parts = [f"{_compact(key)}: {_indented(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}" + "}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + _compact(item) for item in value) + f"\n{indent}]"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
