"""Runs the tools that create environments, isolated from the surrounding settings, with a log of their output."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from runyard.exceptions import RunyardException

_SECRET = re.compile(r"(?<=://)[^/\s@]+@")
_OF_OTHERS = frozenset(
    ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT", "UV_WORKING_DIRECTORY")
)
"""Variables that lead to other environments and projects than the one that is made."""
_DULL = re.compile(r"\s*([+~-] |Requirement already satisfied|Activate with|Using cached|Using CPython|\[notice\]|$)")
_BEGINS = re.compile(r"\s*×|ERROR: (?!Ignored)|error: (?!subprocess)")
_ENDS = re.compile(r"\s*(\[std(out|err)\]|hint:|Traceback|╰─> \[\d+ lines)")
_TREE = re.compile(r"^\s*(×|ERROR:|error:|[├╰]─▶|│|╰─>|Caused by:|cause:)?\s*")
_CAUSE = re.compile(r"\s*([├╰]─▶|Caused by:|cause:)")
_OF_A_BUILD = re.compile(r"\s*((?:[A-Za-z_.]*(?:Error|Exception)|(?:fatal )?error): (?!subprocess).+)")
"""What the last line of a traceback, or a compiler, says."""
_MAX_SHOWN = 400


def run_tool(command: Sequence[str], place: Path, log: Path, say: Callable[[str], None]) -> None:
    """Run a tool to its end.

    Parameters
    ----------
    place: The folder it works in, which should hold nothing.
    log: Takes all that it says, without passwords.
    say: Called with progress lines.

    Raises
    ------
    RunyardException: It failed; says why in a line, and where the log is.
    """
    place.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command,
        cwd=place,
        env=_surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines = []
    assert process.stdout is not None
    try:
        with log.open("a", encoding="utf-8") as kept, process.stdout as output:
            for line in output:
                lines.append(_SECRET.sub("***@", line.rstrip()))
                kept.write(f"{lines[-1]}\n")
                if not _DULL.match(lines[-1]) and not _is_of_error(lines):
                    say(f"  {lines[-1]}")
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if code:
        tool = Path(command[0]).name if "-m" not in command else command[command.index("-m") + 1]
        raise RunyardException(
            f"The environment could not be made: {tool} said: {shown_reason(lines)} The whole log is in {log}"
        )


def _surroundings() -> dict[str, str]:
    """The environment variables of a tool. Files in parent folders never count; the user's settings do."""
    own = {name: value for name, value in os.environ.items() if name not in _OF_OTHERS}
    if "UV_CONFIG_FILE" not in own:
        home = Path(own.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        found = next((one for one in (home / "uv/uv.toml", Path("/etc/uv/uv.toml")) if one.is_file()), None)
        own |= {"UV_CONFIG_FILE": str(found)} if found else {"UV_NO_CONFIG": "1"}
    return own


def _is_of_error(lines: Sequence[str]) -> bool:
    """Whether the last line belongs to the reason that is shown when the tool ends."""
    return any(re.match(r"\s*(×|error:|ERROR:)", line) for line in lines)


def shown_reason(lines: Sequence[str]) -> str:
    """The line of a tool's output with the reason of its failure."""
    found = "".join(_reason(lines)).strip() or next((line for line in reversed(lines) if line.strip()), "")
    text = " ".join(found.split())
    return f"{text[:_MAX_SHOWN]}{'…' if len(text) > _MAX_SHOWN else '' if text.endswith('.') else '.'}"


def _reason(lines: Sequence[str]) -> Iterator[str]:
    """uv draws a tree of causes below ×, or writes error: and its causes; pip writes ERROR: and repeats itself."""
    begun = next((number for number, line in enumerate(lines) if _BEGINS.match(line)), None)
    if begun is None:
        return
    yield _TREE.sub("", re.sub(r" \(from versions: .*", "", lines[begun])).rstrip(":")
    if lines[begun].startswith("ERROR:"):
        return
    rest = lines[begun + 1 :]
    end = next((number for number, line in enumerate(rest) if not line.strip() or _ENDS.match(line)), len(rest))
    for line in rest[:end]:
        yield f"{': ' if _CAUSE.match(line) else ' '}{_TREE.sub('', line)}"
    causes = [found[1] for line in rest[end:] if (found := _OF_A_BUILD.fullmatch(line))]
    if causes:
        yield f": {causes[-1]}"
