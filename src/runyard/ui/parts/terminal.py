"""What a terminal would show of the text that a program printed."""

import re

_SIGNS = re.compile(
    r"""
      (?P<return>\r)
    | (?P<back>\x08)
    | (?P<erase_rest>\x1b\[0?K)
    | (?P<erase_line>\x1b\[2K)
    | (?P<nothing>
        \x1b\[[0-?]*[ -/]*[@-~]?                # colours, and moves to other lines
      | \x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?      # titles and links
      | \x1b[PX^_][^\x1b]*(?:\x1b\\)?
      | \x1b[ -/]*[0-~]?
      | [\x00-\x08\x0b-\x1f\x7f-\x9f]
      )
    """,
    re.VERBOSE,
)


def shown_line(line: str) -> str:
    """A line as it stands in the end: without colours, and of a progress bar only its last state.

    Parameters
    ----------
    line: Text without a line feed.
    """
    if _SIGNS.search(line) is None:
        return line
    cells: list[str] = []
    column = at = 0
    for sign in _SIGNS.finditer(line):
        column = _write(cells, column, line[at : sign.start()])
        at = sign.end()
        match sign.lastgroup:
            case "return":
                column = 0
            case "back":
                column = max(0, column - 1)
            case "erase_rest":
                del cells[column:]
            case "erase_line":
                cells, column = [], 0
    _write(cells, column, line[at:])
    return "".join(cells).rstrip()


def _write(cells: list[str], column: int, text: str) -> int:
    """Write over what is there, as terminals do; returns where the text ends."""
    cells[column : column + len(text)] = text
    return column + len(text)
