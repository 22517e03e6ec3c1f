"""The files among a run's artifacts that hold what its processes printed."""

import re

LOGS = "logs"
"""Their folder."""
_NAME = re.compile(r"output(?:-([1-9][0-9]{0,8})(?:-[0-9a-f]{6})?)?\.log")


def part_name(number: int, word: str = "") -> str:
    """The file of a part: ``output.log``, then ``output-2.log`` and so on.

    Parameters
    ----------
    word: Six hexadecimal digits of a process that resumed the run: several may do so at once.
    """
    if word:
        return f"output-{number}-{word}.log"
    return "output.log" if number == 1 else f"output-{number}.log"


def part_number(name: str) -> int | None:
    """The number of a part by its file's name; None for another file."""
    match = _NAME.fullmatch(name)
    return int(match[1] or 1) if match else None
