"""Reads the fenced examples of the project's Markdown pages."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support import families

ROOT = Path(__file__).resolve().parents[2]
UNCHECKED = {"text"}
"""Languages of blocks that show something rather than run."""


@dataclass(frozen=True)
class Example:
    """One fenced block.

    Attributes
    ----------
    page: Path below the project's root.
    line: Where it starts.
    language: First word after the fence.
    notes: The words after it: `with-mlflow`, or `no-run:` with a reason.
    code: The text.
    """

    page: str
    line: int
    language: str
    notes: str
    code: str

    @property
    def reason_not_to_run(self) -> str | None:
        """Why this example is not run, or None."""
        _, marker, reason = self.notes.partition("no-run:")
        return reason.strip() if marker else None


def markdown_pages() -> list[Path]:
    """Every page that a reader is shown, the generated reference left out."""
    found = [ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md")), *sorted((ROOT / "web/docs").rglob("*.md"))]
    return [path for path in found if path.parent.name != "reference"]


def examples(path: Path) -> list[Example]:
    """The fenced blocks of a page, in order."""
    tokens = MarkdownIt().parse(path.read_text(encoding="utf-8"))
    found = []
    for token in tokens:
        if token.type == "fence" and token.map:
            language, _, notes = token.info.strip().partition(" ")
            found.append(Example(str(path.relative_to(ROOT)), token.map[0] + 1, language, notes, token.content))
    return found


def is_of_a_family(page: Path) -> bool:
    """Whether its examples need the libraries of a family: they run in the family's environment."""
    if page.parent.name == "flavors":
        return page.stem in families.folders_of_others("")
    return page.parent.name == "guides" and any(page.stem in family.pages for family in families.FAMILIES.values())
