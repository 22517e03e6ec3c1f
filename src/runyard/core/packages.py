"""The packages that this Python could import, as lines of a requirements file.

Only the names of folders are read, and the two small files that say where an unusual package came from: a few
milliseconds for some hundred packages, where `importlib.metadata` takes tenths of a second.

Standard library only.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.core.credentials import without_credentials

MAX_PACKAGES = 3_000
_FOLDER = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.]*[A-Za-z0-9])?)-(?P<version>[^-]+)(?:-py[0-9.]+)?\.(?:dist-info|egg-info)"
)


def installed() -> list[str]:
    """A line for each package, by name: ``numpy==2.1.0``, or ``name @ git+https://…@commit`` where it came from there.

    What came from a folder of this machine cannot be installed elsewhere: its line is a comment.
    """
    found: dict[str, str] = {}
    for place in dict.fromkeys(sys.path):
        for name, line in _packages_in(place):
            found.setdefault(name, line)  # a package further along the path is hidden by the first
    return [found[name] for name in sorted(found)][:MAX_PACKAGES]


def _packages_in(place: str) -> Iterator[tuple[str, str]]:
    try:
        names = [entry.name for entry in Path(place or ".").iterdir()]
    except OSError:
        return
    for name in names:
        match = _FOLDER.fullmatch(name)
        if match is not None:
            shown = match["name"].replace("_", "-")
            yield shown.lower().replace(".", "-"), _line(Path(place or ".", name), shown, match["version"])


def _line(folder: Path, name: str, version: str) -> str:
    """A package's line."""
    origin: object = None
    with suppress(OSError, ValueError, RecursionError):
        origin = json.loads((folder / "direct_url.json").read_text(encoding="utf-8"))
    if not isinstance(origin, dict) or not isinstance(origin.get("url"), str):
        return f"{name}=={version}"
    address, version_control = without_credentials(origin["url"]), origin.get("vcs_info")
    if isinstance(version_control, dict):
        below = f"#subdirectory={origin['subdirectory']}" if isinstance(origin.get("subdirectory"), str) else ""
        return f"{name} @ {version_control.get('vcs', 'git')}+{address}@{version_control.get('commit_id', '')}{below}"
    if address.startswith("file:"):
        return f"# {name}=={version} from {unquote(urlsplit(address).path)}"
    return f"{name} @ {address}"
