"""What differs from the commit in a folder of a git repository, as a patch for ``git apply``."""

import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from runyard.core.git_program import SECONDS, ask_git, repository_of, run_git

SECRET_NAMES = (
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "id_rsa*",
    "id_ed25519*",
    "*credentials*",
    "*secret*",
    ".netrc",
    ".pypirc",
)
"""Files that often hold passwords: a patch names them and does not contain them."""

MAX_PATCH = 10_000_000
MAX_NEW_FILE = 256_000
_HEAD = 1000  # about what a patch says of a file besides its content
_MAX_NAMED = 100

_PLAIN = (
    "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--no-renames", "--src-prefix=a/",
    "--dst-prefix=b/",
)  # fmt: skip
"""A patch that `git apply` understands, however the user likes to see differences."""
_SECTION = "diff --git "


@dataclass(frozen=True)
class Bounds:
    """What a patch may take.

    Attributes
    ----------
    most: Characters of it. When it has more, the largest files are named and not contained.
    new_file: Bytes of a new file.
    seconds: How long git may take for each of its answers.
    only_text: Leave out files that are not text in UTF-8.
    """

    most: int = MAX_PATCH
    new_file: int = MAX_NEW_FILE
    seconds: float = SECONDS
    only_text: bool = False


def uncommitted(folder: Path, counts: Callable[[Path], bool], bounds: Bounds | None = None) -> str | None:
    """What differs from the commit below a folder, new files among it, as a patch for ``git apply``.

    Parameters
    ----------
    counts: Tells of a new file whether it belongs to the patch.
    bounds: What it may take.

    Returns
    -------
    None when nothing differs, or the folder is in no repository. Files that are too large, or whose names speak of
    secrets, are named and not contained.

    Raises
    ------
    OSError: A file cannot be read.
    """
    bounds = bounds or Bounds()
    status = ask_git(["status", "--porcelain", "-z", "--untracked-files=all", "--", "."], folder, bounds.seconds)
    top = repository_of(folder)
    if not status or top is None:
        return None
    entries = [entry for entry in status.split("\0") if entry]
    new = [path for entry in entries if entry.startswith("?? ") and counts(path := top / entry[3:])]
    if not new and all(entry.startswith("?? ") for entry in entries):
        return None
    small = _first_small(new, bounds)
    named = [str(path.relative_to(top)) for path in new if path not in small]
    kept, left_out = _within(_sections(folder, small, bounds), bounds)
    return "".join(_named([*named, *left_out])) + "".join(kept)


def has_secret_name(name: str) -> bool:
    """Whether a file of this name often holds passwords."""
    return any(fnmatch(name.rpartition("/")[2].lower(), secret) for secret in SECRET_NAMES)


def _named(files: list[str]) -> Iterator[str]:
    """Lines that name what a patch does not contain; `git apply` passes over them."""
    for name in files[:_MAX_NAMED]:
        shown = name if name.isprintable() else repr(name)
        yield f"# not contained: {shown.encode('utf-8', 'replace').decode()}\n"
    if len(files) > _MAX_NAMED:
        yield f"# not contained: {len(files) - _MAX_NAMED:,} more\n"


def _first_small(files: list[Path], bounds: Bounds) -> dict[Path, None]:
    """Those that a patch may contain: none is large, nor are all together."""
    small: dict[Path, None] = {}
    total = 0
    for path in files:
        is_kept = not has_secret_name(path.name) and path.is_file()
        size = path.stat().st_size if is_kept else bounds.most
        if size <= bounds.new_file and total + size <= bounds.most // 2:
            small[path] = None
            total += size + _HEAD
    return small


def _within(sections: list[tuple[str, str]], bounds: Bounds) -> tuple[list[str], list[str]]:
    """The parts of a patch that may be kept, in their order, and the names of the other files."""
    fit = [(name, text) for name, text in sections if not has_secret_name(name) and _may_hold(text, bounds)]
    total = sum(len(text) for _, text in fit)
    for largest in sorted(fit, key=lambda one: len(one[1]), reverse=True):
        if total <= bounds.most:
            break
        fit.remove(largest)
        total -= len(largest[1])
    kept = {name for name, _ in fit}
    return [text for _, text in fit], [name for name, _ in sections if name not in kept]


def _may_hold(text: str, bounds: Bounds) -> bool:
    try:
        return not bounds.only_text or bool(text.encode())
    except UnicodeEncodeError:  # bytes that UTF-8 does not have
        return False


def _sections(folder: Path, new: Collection[Path], bounds: Bounds) -> list[tuple[str, str]]:
    """Each file's name with its differences.

    They are found with an index and a store of objects of their own: the user's stay as they are.
    """
    asked = ["rev-parse", "--path-format=absolute", "--git-path", "index", "--git-path", "objects"]
    places = ask_git(asked, folder, bounds.seconds)
    if not places:
        return []
    index, objects = places.splitlines()
    with tempfile.TemporaryDirectory(prefix="runyard-git-") as scratch:
        if Path(index).exists():
            shutil.copyfile(index, Path(scratch, "index"))
        Path(scratch, "objects").mkdir()
        own = {
            "GIT_INDEX_FILE": str(Path(scratch, "index")),
            "GIT_OBJECT_DIRECTORY": str(Path(scratch, "objects")),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
        }
        if new:
            names = "\0".join(map(str, new))
            adding = ["add", "--intent-to-add", "--pathspec-from-file=-", "--pathspec-file-nul"]
            run_git(adding, folder, own, names, bounds.seconds)
        differing = [*_PLAIN, "HEAD", "--", "."]
        listed = run_git(["diff", "--name-only", "-z", *differing], folder, own, seconds=bounds.seconds).stdout
        patch = run_git(["diff", "--binary", *differing], folder, own, seconds=bounds.seconds).stdout
    _, *parts = f"\n{patch}".removesuffix("\n").split(f"\n{_SECTION}")
    sections = [f"{_SECTION}{part}\n" for part in parts]
    files = [name for name in listed.split("\0") if name]
    # A line of a file's content begins with a sign, so each part is of one file, and git lists both in one order.
    return list(zip(files, sections, strict=True)) if len(files) == len(sections) else []
