"""What a model's own files say of it beside MLmodel: what it requires, and an example of its input."""

import json
from dataclasses import dataclass
from typing import Any

from runyard.artifacts.paths import joined
from runyard.exceptions import RunyardException
from runyard.ui.parts.files import Files, beginning
from runyard.ui.parts.mlmodel import Summary, summary_at
from runyard.ui.site import Site

_REQUIREMENTS = "requirements.txt"
_EXAMPLES = ("serving_input_example.json", "input_example.json")
_MAX_LINES = 200
_MAX_EXAMPLE = 4000


@dataclass(frozen=True)
class Packaging:
    """What the files of a model say of it.

    Attributes
    ----------
    summary: What MLmodel says; None when there is none that we can read.
    requirements: Lines of requirements.txt.
    example: An input, as JSON for people; empty for none.
    """

    summary: Summary | None = None
    requirements: tuple[str, ...] = ()
    example: str = ""


def packaging_of(site: Site, files: Files) -> Packaging | None:
    """What the files of the folder that is looked into say, when it is a model's."""
    if files.folder is None or not files.folder.has_model:
        return None
    return packaging_at(site, files.location, files.folder.path)


def packaging_at(site: Site, location: str, folder: str = "") -> Packaging:
    """What the files in a folder of a location say. Anyone may have written them."""
    summary = summary_at(site, location, folder)
    if summary is None:
        return Packaging()
    lines = [line.strip() for line in _text(site, location, joined(folder, _REQUIREMENTS)).splitlines()]
    requirements = tuple(line for line in lines if line and not line.startswith("#"))[:_MAX_LINES]
    example = next((text for name in _EXAMPLES if (text := _text(site, location, joined(folder, name)))), "")
    return Packaging(summary, requirements, _shown(example))


def _text(site: Site, location: str, name: str) -> str:
    try:
        return beginning(site, location, name).decode("utf-8", "replace")
    except RunyardException:  # most models have no example
        return ""


def _shown(example: str) -> str:
    """JSON with a line for every row, cut where it is long."""
    try:
        text = _lines(json.loads(example), "") if example else ""
    except (ValueError, RecursionError):
        text = example
    return text if len(text) <= _MAX_EXAMPLE else f"{text[:_MAX_EXAMPLE]}\n…"


def _lines(value: Any, margin: str) -> str:
    """JSON in which a list or an object of plain values takes one line."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list) or not any(isinstance(one, (dict, list)) for one in inner):
        return json.dumps(value, ensure_ascii=False)
    below = f"{margin}  "
    texts = [_lines(one, below) for one in inner]
    if isinstance(value, dict):
        texts = [f"{json.dumps(key, ensure_ascii=False)}: {text}" for key, text in zip(value, texts, strict=True)]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return f"{start}\n{below}" + f",\n{below}".join(texts) + f"\n{margin}{end}"
