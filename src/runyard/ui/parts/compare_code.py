"""The code of runs side by side: commits and commands, and what two of them changed without committing it."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from runyard.core.tags import BRANCH_TAG, COMMIT_TAG, REPOSITORY_TAG, SOURCE_NAME_TAG, SOURCE_TYPE_TAG
from runyard.exceptions import RunyardException
from runyard.tracking.origins.messages import GetOrigins, Origin
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_diff import Difference, difference_of
from runyard.ui.parts.compare_patches import FileChange, changes_of, made_of
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.compare_table import Compared
from runyard.ui.parts.files import BEGINNING, beginning
from runyard.ui.parts.markdown import web_link
from runyard.ui.parts.presentation import artifact_root
from runyard.ui.site import Site

MAX_FILES = 30
"""Files whose differences are shown; the others are named."""
MAX_LINES = 400
"""Lines of all differences together."""
_FOLDERS = ("", "code", "src", "project")
"""Where a run's own source file may be among its artifacts."""


@dataclass(frozen=True)
class FileDifference:
    """A file of which two runs have different versions.

    Attributes
    ----------
    note: What the versions are, where that is not clear.
    numbered: Whether the numbers of lines are those of the file.
    """

    name: str
    difference: Difference
    note: str = ""
    numbered: bool = True


@dataclass(frozen=True)
class CodeDifference:
    """What differs in the code of two runs.

    Attributes
    ----------
    said: Sentences: of the commits, and of what is not known.
    files: The files that differ.
    equal: How many changed files are the same in both.
    more: Names of files that differ too, whose lines are not shown.
    """

    said: tuple[str, ...]
    files: tuple[FileDifference, ...]
    equal: int = 0
    more: tuple[str, ...] = ()


def origins_of(site: Site, runs: Sequence[Run], *, packages: bool = False, patches: bool = False) -> list[Origin]:
    """What runs were started with, in their order."""
    question = GetOrigins(run_ids=[run.info.run_id for run in runs], packages=packages, patches=patches)
    return site.ask(question).origins


def code_of(runs: Sequence[Run], origins: Sequence[Origin]) -> Compared:
    """Where the code came from, and how it was started."""
    columns = [_facts(run, origin) for run, origin in zip(runs, origins, strict=True)]
    return Compared("Code", tuple(columns), in_order=True)


def _facts(run: Run, origin: Origin) -> Mapping[str, str]:
    tags = run.data.tags
    repository = tags.get(REPOSITORY_TAG, "")
    found = {
        "source": tags.get(SOURCE_NAME_TAG, ""),
        "kind": tags.get(SOURCE_TYPE_TAG, "").lower(),
        "commit": tags.get(COMMIT_TAG, ""),
        "branch": tags.get(BRANCH_TAG, ""),
        "repository": web_link(repository) or ("" if "@" in repository else repository),
        "uncommitted changes": changes_in_words(origin),
        "command": shlex.join(origin.command),
        "folder": origin.folder,
        "notebook": origin.notebook,
    }
    return {key: value for key, value in found.items() if value}


def changes_in_words(origin: Origin) -> str:
    """Whether there were uncommitted changes, and which: equal ones have equal words. Empty when not recorded."""
    if origin.patch == "":
        return "none"
    return f"some ({origin.changes[:8]})" if origin.changes else ""


def code_difference(site: Site, comparison: Comparison, *, whole: bool) -> CodeDifference:
    """What differs in the code of the baseline and of the other run: changes, and the source file among artifacts.

    Parameters
    ----------
    whole: Show equal lines too.
    """
    runs = comparison.pair
    first, second = origins_of(site, runs, patches=True)
    commits = [run.data.tags.get(COMMIT_TAG, "") for run in runs]
    said = [*_of_commits(commits), *_of_patches(comparison.pair_names, (first, second))]
    files, equal = list(_of_source(site, runs)), 0
    if first.patch is not None and second.patch is not None and first.patch != second.patch:
        (old, old_named), (new, new_named) = changes_of(first.patch), changes_of(second.patch)
        named = sorted({*old_named, *new_named})
        said += [f"Not contained in what was recorded: {', '.join(named[:20])}."] if named else []
        changed = list(_of_files(old, new, same_commit=bool(commits[0]) and commits[0] == commits[1]))
        equal = len({*old, *new}) - len(changed)
        files += changed
    shown, left = list[FileDifference](), MAX_LINES
    for file in files[:MAX_FILES]:
        if left <= 0:
            break
        difference = difference_of(file.old, file.new, whole=whole, shown=MAX_LINES // 2)
        shown.append(FileDifference(file.name, difference, file.note, file.numbered))
        left -= len(difference.lines)
    return CodeDifference(tuple(said), tuple(shown), equal, tuple(file.name for file in files[len(shown) :]))


def _of_commits(commits: Sequence[str]) -> Iterator[str]:
    old, new = commits
    if not old and not new:
        yield "No commit is known of either run."
    elif not old or not new:
        yield "The commit is known of one run only."
    elif old == new:
        yield f"Both ran on commit {old[:12]}."
    else:
        yield f"They ran on different commits: git diff {old[:12]} {new[:12]} shows what was committed between them."


def _of_patches(names: Sequence[str], origins: Sequence[Origin]) -> Iterator[str]:
    for name, origin in zip(names, origins, strict=True):
        if origin.patch is None:
            yield f"Whether {name} had uncommitted changes is not recorded."
        elif not origin.patch:
            yield f"{name} had no uncommitted changes."
    if origins[0].patch and origins[0].patch == origins[1].patch:
        yield "Both had the same uncommitted changes."


@dataclass(frozen=True)
class _Changed:
    """A file that differs, as it is in each run."""

    name: str
    old: str
    new: str
    note: str
    numbered: bool = False


def _of_files(old: Mapping[str, FileChange], new: Mapping[str, FileChange], *, same_commit: bool) -> Iterator[_Changed]:
    """The files that differ. Of different commits, the patches themselves are compared."""
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if same_commit:
            texts = made_of(before, after), made_of(after, before)
            note = "" if before and after else f"changed in {'the baseline' if before else 'the other run'} only"
        else:
            texts = ("\n".join(before.text) if before else "", "\n".join(after.text) if after else "")
            note = "lines of the patches"
        if texts[0] != texts[1]:
            yield _Changed(name, *texts, note)


def _of_source(site: Site, runs: Sequence[Run]) -> Iterator[_Changed]:
    """The source file, where both runs have it among their artifacts."""
    (name, old), (_, new) = (source_text(site, run) for run in runs)
    if old and new and old != new:
        yield _Changed(name, old, new, "among the artifacts", numbered=True)


def source_text(site: Site, run: Run) -> tuple[str, str]:
    """Path and text of a run's source file among its artifacts; empty when it is not there."""
    name = PurePosixPath(run.data.tags.get(SOURCE_NAME_TAG, "").replace("\\", "/")).name
    if not PurePosixPath(name).suffix:
        return "", ""
    for folder in _FOLDERS:
        path = f"{folder}/{name}".lstrip("/")
        try:
            content = beginning(site, artifact_root(run), path)
        except RunyardException:  # most runs have none
            continue
        return path, content[:BEGINNING].decode("utf-8", "replace")
    return "", ""
