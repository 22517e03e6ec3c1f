"""The project that a run was made from: what was run, where it came from, and how to run it again."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.credentials import without_credentials
from runyard.core.tags import BRANCH_TAG, COMMIT_TAG, REPOSITORY_TAG
from runyard.exceptions import RunyardException
from runyard.projects import tags
from runyard.projects.artifact_paths import PACKAGES, PATCH, PROJECT
from runyard.projects.git import is_address
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.files import contents_at
from runyard.ui.parts.format import shortened
from runyard.ui.parts.markdown import web_link
from runyard.ui.parts.presentation import artifact_root
from runyard.ui.site import Site

_MAX_VALUES = 20
_MAX_COMMAND = 10_000

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Project:
    """What a run says of its project; empty text for what it does not say.

    Attributes
    ----------
    link: The source, when it is an address that a browser may open.
    repository: The repository that a folder of this machine is a clone of, as a link.
    dirty: The files differed from the commit.
    patch: Address of the difference, when it was kept.
    packages: Address of the list of what was installed, when it was kept.
    swept: Names and values, on the parent of a sweep.
    point: The values that are this run's own in a sweep.
    again: Commands that run it again.
    is_complete: They give all that the project was given.
    """

    entry_point: str
    source: str
    link: str | None
    repository: str | None
    commit: str
    branch: str
    version: str
    dirty: bool
    patch: str
    backend: str
    environment: str
    image: str
    packages: str
    command: str
    exit_code: str
    swept: Pairs
    point: Pairs
    again: str
    is_complete: bool


def project_of(site: Site, run: Run, address: str) -> Project:
    """The project of a run.

    Parameters
    ----------
    address: This server's, for the command that runs it again.
    """
    found = run.data.tags
    source, is_elsewhere = _source(found.get(tags.SOURCE_NAME, ""))
    place, mark, below = source.partition("#")
    link = web_link(place)
    repository = web_link(found.get(REPOSITORY_TAG, ""))
    kept = _kept(site, run)
    known = given_params(run)
    commit, version = found.get(COMMIT_TAG, ""), found.get(tags.VERSION, "")
    is_sweep = tags.SWEEP in found
    return Project(
        entry_point=found.get(tags.ENTRY_POINT, ""),
        source=f"{link or place}{mark}{below}",
        link=link,
        repository=None if repository == link else repository,
        commit=commit,
        branch=found.get(BRANCH_TAG, ""),
        version=version,
        dirty=found.get(tags.DIRTY, "").lower() == "true",
        patch=site.urls("runs", run.info.run_id, "artifacts", path=PATCH) if PATCH in kept else "",
        backend=found.get(tags.BACKEND, ""),
        environment="" if is_sweep else found.get(tags.ENVIRONMENT, "local"),
        image=found.get(tags.IMAGE, ""),
        packages=site.urls("runs", run.info.run_id, "artifacts", path=PACKAGES) if PACKAGES in kept else "",
        command=found.get(tags.COMMAND, ""),
        exit_code=found.get(tags.EXIT_CODE, ""),
        swept=swept_values(found),
        point=point_values(found),
        again=run_again(run, source, (commit or version) if version or is_elsewhere else "", known or {}, address),
        is_complete=is_sweep or known is not None,
    )


def run_again(run: Run, source: str, version: str, params: Mapping[str, str], address: str) -> str:
    """Commands that do what the run did, to be pasted; empty when the run does not say enough, or hostile things."""
    found = run.data.tags
    words = ["runyard", "run"]
    if tags.SWEEP in found:
        words += ["--resume", run.info.run_id] if swept_values(found) else []
    elif source:
        words += ["--experiment-id", run.info.experiment_id, "-e", found.get(tags.ENTRY_POINT) or "main"]
        words += ["-v", version] if version else []
        words += ["-b", found[tags.BACKEND]] if found.get(tags.BACKEND, "local") != "local" else []
        for name, value in params.items():
            words += ["-P", f"{name}={value}"]
        words += ["--", source] if source.startswith("-") else [source]
    # a character that is not printed can end a quotation in the terminal it is pasted into
    if len(words) == 2 or sum(map(len, words)) > _MAX_COMMAND or not all(map(str.isprintable, words)):
        return ""
    return f"export RUNYARD_TRACKING_URI={shlex.quote(address)}\n{shlex.join(words)}"


def _source(name: str) -> tuple[str, bool]:
    """Where the project is, without credentials, and whether that is the address of a repository."""
    try:
        return without_credentials(name), is_address(name.partition("#")[0])
    except ValueError:  # urllib's word for what only looks like an address
        return name, False


def given_params(run: Run) -> dict[str, str] | None:
    """The params that were given to the project; None when that is not known. Its program may have logged others."""
    try:
        names = json.loads(run.data.tags[tags.PARAMETERS])
    except (KeyError, ValueError, RecursionError):
        return None
    if not isinstance(names, list):
        return None
    params = run.data.params
    return {name: params[name] for name in names if isinstance(name, str) and name in params}


def point_values(found: Mapping[str, str]) -> Pairs:
    """The values that are a run's own in a sweep, to be shown."""
    values = json_object(found.get(tags.POINT, ""))
    return tuple((name, shortened(_text(value), 40)) for name, value in list(values.items())[:_MAX_VALUES])


def swept_values(found: Mapping[str, str]) -> Pairs:
    """The names that a sweep varies, each with its values, to be shown."""
    values = json_object(found.get(tags.SWEEP, "")).get("values")
    if not isinstance(values, Mapping):
        return ()
    listed = ((name, values[name]) for name in list(values)[:_MAX_VALUES])
    return tuple((name, shortened(", ".join(map(_text, _several(several))), 200)) for name, several in listed)


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def json_object(text: str) -> dict[str, Any]:
    """An object from a tag, which may hold anything."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _kept(site: Site, run: Run) -> set[str]:
    """What of the project is among the artifacts."""
    try:
        return {file.path for file in contents_at(site, artifact_root(run), PROJECT)}
    except (RunyardException, OSError):  # kept elsewhere, or not to be read
        return set()
