"""What is installed, and which package a module is of.

`importlib.metadata.packages_distributions` answers the same and asks the disk for each file of every package: 0.2 to
0.8 seconds a call. Here the lists of files are read, once for each state of the folders that packages are in.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

_CODE = (".py", ".pyc", ".so", ".pyd")
_NAME, _VERSION = (re.compile(rf"^{field}:[ \t]*(\S.*?)\s*$", re.MULTILINE) for field in ("Name", "Version"))

_BODY = re.compile(r"\r?\n\r?\n")


def named_with_version(packages: Iterable[metadata.Distribution]) -> set[str]:
    """Packages as pip lists them, such as ``numpy==2.1.0``."""
    return {"{}=={}".format(*_name_and_version(one)) for one in packages}


def _name_and_version(package: metadata.Distribution) -> tuple[str | None, str | None]:
    """As `importlib.metadata` finds them, which parses the whole description for each: 0.1 seconds for 150 packages."""
    head = _BODY.split(package.read_text("METADATA") or package.read_text("PKG-INFO") or "", maxsplit=1)[0]
    name, version = _NAME.search(head), _VERSION.search(head)
    if name and version:
        return name[1], version[1]
    return package.metadata["Name"], package.metadata["Version"]


def packages_of_modules() -> Mapping[str, Sequence[str]]:
    """The names of the packages that a module is of, by the top of its name, such as ``yaml: [PyYAML]``."""
    return _packages(tuple((place, _changed(place)) for place in map(os.path.abspath, sys.path)))


def _changed(place: str) -> int:
    """When something was last installed in a folder."""
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=4)
def _packages(places: Sequence[tuple[str, int]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    context = metadata.DistributionFinder.Context(path=[place for place, _ in places])
    # Asked by itself: others, such as the backport of importlib.metadata, may have put slower finders beside it.
    for one in metadata.MetadataPathFinder.find_distributions(context):
        name, _ = _name_and_version(one)
        if name and name.lower() not in seen:  # a package further along the path is hidden by the first
            seen.add(name.lower())
            for module in _modules(one):
                found.setdefault(module, []).append(name)
    return found


def _modules(package: metadata.Distribution) -> set[str]:
    """The tops of the names of a package's modules."""
    named = (package.read_text("top_level.txt") or "").split()
    if named:
        return set(named)
    recorded = package.read_text("RECORD")
    if recorded is None:
        paths = [PurePosixPath(file) for file in package.files or ()]
    else:
        paths = [PurePosixPath(line.rpartition(",")[0].rpartition(",")[0].strip('"')) for line in recorded.splitlines()]
    code = [path for path in paths if path.suffix in _CODE and path.parts and path.parts[0] != ".."]
    tops = {path.parts[0] if len(path.parts) > 1 else path.name.partition(".")[0] for path in code}
    return {top for top in tops if top.isidentifier()}
