"""What a comparison of rows and files finds."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of findings."""

    FILES_MISSING = "files missing"
    OWNER_MISSING = "owner missing"
    UNREADABLE = "unreadable"
    FILES_WITHOUT_ROWS = "files without rows"
    EMPTY_FOLDER = "empty folder"
    INTERRUPTED = "interrupted upload"
    JOURNAL = "journal"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes
    ----------
    what: The row or file, for people.
    where: Address of the files; empty where there are none.
    problem: What is wrong with it: the end of a sentence that begins with `what`.
    """

    kind: Kind
    what: str
    where: str
    problem: str

    def fields(self) -> dict[str, str]:
        """Its fields in JSON output."""
        return {"kind": self.kind, "what": self.what, "where": self.where, "problem": self.problem}
