"""Which installed package a module is of.

`importlib.metadata.packages_distributions` answers the same and asks the disk for each file of every package: 0.2 to
0.8 seconds a call. Here the lists of files are read, once for each state of the folders that packages are in.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

_CODE = (".py", ".pyc", ".so", ".pyd")


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
        name = one.metadata["Name"]
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
