"""Notebooks of Jupyter as pages: what was written and what came out, as data. Nothing of it runs."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from runyard.ui.parts.markdown import note, passive
from runyard.ui.parts.previews.cells import printable
from runyard.ui.parts.previews.look import Look
from runyard.ui.parts.terminal import shown_line

MOST_CELLS = 60
MOST_OUTPUTS = 20
_TEXT = 20_000
_ALL_TEXT = 100_000
_HTML = 24_000
_PICTURE = 700_000
_ALL_PICTURES = 2_000_000
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SVG = "image/svg+xml"
FORMATS = (4, 3)
"""Versions of notebooks that are read."""
_NOTHING = Markup("")


@dataclass(frozen=True)
class Output:
    """What a cell left: a text, a picture as a ``data:`` address, or HTML without anything that acts.

    Attributes
    ----------
    kind: ``text``, ``error``, ``picture`` or ``html``.
    """

    kind: str
    text: str = ""
    html: Markup = _NOTHING


@dataclass(frozen=True)
class NotebookCell:
    """A cell: code, or Markdown as HTML."""

    kind: str
    number: str
    source: str
    html: Markup
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Notebook:
    """A page of a notebook's cells."""

    language: str
    cells: tuple[NotebookCell, ...]
    first: int
    total: int
    previous: str
    next: str


class _Budget:
    """How much of a page is left for texts and pictures."""

    def __init__(self) -> None:
        self.text, self.pictures, self.html = _ALL_TEXT, _ALL_PICTURES, _HTML

    def cut(self, text: str) -> str:
        """The text, as far as there is room for it."""
        most = max(0, min(_TEXT, self.text))
        self.text -= min(len(text), most)
        return printable(text if len(text) <= most else f"{text[:most]}\n… {len(text) - most:,} more characters")


def notebook(look: Look, document: Any) -> Notebook | None:
    """The cells that the address asks for; None when the document is not a notebook."""
    if not isinstance(document, dict) or document.get("nbformat") not in FORMATS:
        return None
    cells = cells_of(document)
    first = max(0, min(look.number("cell", 1) - 1, max(0, len(cells) - 1)))
    budget = _Budget()
    shown = tuple(_cell(cell, budget) for cell in cells[first : first + MOST_CELLS])
    end = first + len(shown)
    return Notebook(
        language=_language(document),
        cells=shown,
        first=first + 1 if shown else 0,
        total=len(cells),
        previous=look.href(cell=max(1, first + 1 - MOST_CELLS)) if first else "",
        next=look.href(cell=end + 1) if end < len(cells) else "",
    )


def cells_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """All cells; those of version 3 are in worksheets."""
    listed = document.get("cells")
    if not isinstance(listed, list):
        sheets = document.get("worksheets")
        sheets = [sheet for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
        listed = [cell for sheet in sheets if isinstance(sheet.get("cells"), list) for cell in sheet["cells"]]
    return [cell for cell in listed if isinstance(cell, dict)]


def _language(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    name = info.get("name") if isinstance(info, dict) else ""
    return printable(str(name or ""))[:40]


def _cell(cell: dict[str, Any], budget: _Budget) -> NotebookCell:
    source = joined(cell.get("source", cell.get("input")))
    if cell.get("cell_type") in ("markdown", "heading"):
        return NotebookCell("markdown", "", "", note(budget.cut(source)), ())
    number = cell.get("execution_count", cell.get("prompt_number"))
    listed = cell.get("outputs")
    outputs = listed[:MOST_OUTPUTS] if isinstance(listed, list) else []
    return NotebookCell(
        kind="code" if cell.get("cell_type") == "code" else "raw",
        number=str(number) if isinstance(number, int) and abs(number) < 10**9 else "",
        source=budget.cut(source),
        html=_NOTHING,
        outputs=tuple(shown for output in outputs if isinstance(output, dict) for shown in _shown(output, budget)),
    )


def _shown(output: dict[str, Any], budget: _Budget) -> Iterator[Output]:
    kind = output.get("output_type")
    if kind == "stream":
        yield Output("text", budget.cut(plain(joined(output.get("text")))))
    elif kind in ("error", "pyerr"):
        trace = output.get("traceback")
        lines = [str(line) for line in trace[:200]] if isinstance(trace, list) else []
        yield Output("error", budget.cut(plain("\n".join(lines) or f"{output.get('ename')}: {output.get('evalue')}")))
    elif isinstance(output.get("data"), dict):
        yield from _best(output["data"], budget)


def _best(data: dict[str, Any], budget: _Budget) -> Iterator[Output]:
    """The richest form of a result that can be shown as data."""
    for kind in (*_PICTURES, _SVG):
        text = joined(data.get(kind))
        if kind == _SVG:  # in a picture no script runs, and nothing is loaded
            drawn = "<svg" in text and len(text) <= _PICTURE
            text = base64.b64encode(printable(text).encode()).decode() if drawn else ""
        if text and (picture := _picture(kind, text, budget)):
            yield Output("picture", picture)
            return
    html = joined(data.get("text/html"))
    if html and len(html) <= budget.html:
        budget.html -= len(html)
        yield Output("html", html=passive(printable(html)))
        return
    if "text/plain" in data:
        yield Output("text", budget.cut(plain(joined(data["text/plain"]))))
    elif "application/json" in data:
        try:
            yield Output("text", budget.cut(json.dumps(data["application/json"], indent=2, ensure_ascii=False)))
        except (ValueError, RecursionError):
            return


def _picture(kind: str, encoded: str, budget: _Budget) -> str:
    """The picture as an address that holds it; empty when it is none, or too large."""
    text = "".join(encoded.split())
    if len(text) > min(_PICTURE, budget.pictures):
        return ""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return ""
    budget.pictures -= len(text)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def plain(text: str) -> str:
    """Text as a terminal would show it."""
    return "\n".join(map(shown_line, text.split("\n")))


def joined(value: Any) -> str:
    """A text, which notebooks keep as a list of lines."""
    if isinstance(value, list):
        return "".join(str(line) for line in value)
    return value if isinstance(value, str) else ""
