"""The files of a run, a logged model or a model version: the tree, and a look into one file or folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.locations import open_location, place_of
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.ranges import ranged
from runyard.artifacts.repository import ArtifactRepository
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.ui.parts.list_state import ListState, Pages
from runyard.ui.parts.previews.kinds import PICTURES
from runyard.ui.parts.previews.look import Look
from runyard.ui.parts.previews.preview import Preview, preview_of
from runyard.ui.site import Site

BEGINNING = 262_144
"""Bytes that `beginning` reads."""
IN_TREE, IN_OUTER = 200, 60
"""Entries that the tree shows of the folder that is looked into, and of those around it."""
ON_PAGE = 150
"""Entries of a page of a large folder."""
MOST_LISTED = 20
"""Folders that are listed for the pictures of one page."""

Listed = Sequence[tuple[FileInfo, int | None]]


@dataclass(frozen=True)
class Entry:
    """A file or folder of the tree; open folders hold their entries.

    Attributes
    ----------
    changed: Time of the last change in milliseconds; None where the store does not say.
    more: How many entries of its folder follow that the tree does not show, for the last one shown.
    """

    name: str
    path: str
    is_folder: bool
    size: int | None
    changed: int | None
    href: str
    current: bool
    entries: tuple["Entry", ...] | None = None
    more: int = 0


@dataclass(frozen=True)
class Folder:
    """A folder that is looked into.

    Attributes
    ----------
    size: Bytes of the files right in it.
    archive: The address of all of it as a zip file.
    page: Some of its entries, where the tree does not show all of them.
    has_model: Whether it is the folder of a model.
    """

    path: str
    files: int
    folders: int
    size: int
    archive: str
    page: tuple[Entry, ...]
    pages: Pages
    find: str
    has_model: bool


@dataclass(frozen=True)
class Files:
    """The tree with a look into what was chosen, or what is wrong with it.

    Attributes
    ----------
    previous, next: Addresses of the pictures beside a picture.
    tree_link: The address of the folder that what was chosen is in.
    """

    entries: tuple[Entry, ...]
    path: str
    preview: Preview | None
    folder: Folder | None
    download: str
    error: str | None
    status: int
    location: str
    previous: str = ""
    next: str = ""


@dataclass(frozen=True)
class FileSource:
    """Where the files of a run, model or version are, and how to reach them.

    Attributes
    ----------
    owner: Kind of the owner, for messages: ``run``, ``model``, ``version``.
    location: Address of the artifact folder.
    page: The address of the page with a path chosen, and other parameters.
    download: The address of a file itself.
    archive: The address of a folder as a zip file.
    framed: The address of a document as it is shown in a frame.
    name: What a zip file of all of it is called.
    """

    owner: str
    location: str
    page: Callable[..., str]
    download: Callable[[str], str]
    archive: Callable[[str], str]
    framed: Callable[[str], str]
    name: str


def files_of(site: Site, source: FileSource, state: ListState) -> Files:
    """The tree, open on the way to the chosen path, and a look into the file or folder there."""
    path, entries = state.path(), tuple[Entry, ...]()
    preview = folder = error = None
    previous = following = ""
    status, opened = 200, False
    try:
        repository, root = open_location(source.location, site.gate.settings.artifact_places)
        opened = True
        listings = _listings(repository, root, safe_path(path))
        entries = _entries(source, listings, "", path)
        if path in listings:
            folder = _folder(source, listings[path], path, state)
        else:
            info = _chosen(source, listings, path)
            preview = preview_of(_look(site, source, repository, root, info, state))
            previous, following = _beside(source, listings[path.rpartition("/")[0]], path)
    except RunyardException as problem:
        error, status = problem.message, problem.get_http_status_code() if path and opened else 200
    download = source.download(path) if preview else ""
    return Files(entries, path, preview, folder, download, error, status, source.location, previous, following)


def beginning(site: Site, location: str, path: str, most: int = BEGINNING) -> bytes:
    """The first bytes of a file, one more than `most` if it has them."""
    repository, root = open_location(location, site.gate.settings.artifact_places)
    with repository.open(joined(root, path)).file as file:
        return file.read(most + 1)


def contents_at(site: Site, location: str, folder: str) -> list[FileInfo]:
    """The direct contents of a folder of a location, with paths relative to the location."""
    repository, root = open_location(location, site.gate.settings.artifact_places)
    return [info for info, _ in _listed(repository, root, safe_path(folder))]


def sizes_below(repository: ArtifactRepository, root: str) -> Callable[[str], Mapping[str, int]]:
    """Tells the bytes of the files of a folder by name. Each folder is listed once, and not very many are."""

    @lru_cache(MOST_LISTED)
    def sizes(folder: str) -> Mapping[str, int]:
        if sizes.cache_info().misses > MOST_LISTED or not _is_path(folder):
            return {}
        found = repository.list(joined(root, folder))
        return {info.path.rpartition("/")[2]: info.file_size or 0 for info in found if not info.is_dir}

    return sizes


def _is_path(folder: str) -> bool:
    try:
        safe_path(folder)
    except InvalidParameter:
        return False
    return True


def _listed(repository: ArtifactRepository, root: str, folder: str) -> Listed:
    found = repository.dated(joined(root, folder))
    cut = len(root) + 1 if root else 0
    return [(FileInfo(info.path[cut:], info.is_dir, info.file_size), changed) for info, changed in found]


def _listings(repository: ArtifactRepository, root: str, path: str) -> dict[str, Listed]:
    """The contents of each folder on the way to a path, and of the path itself when it is a folder."""
    listings = {"": _listed(repository, root, "")}
    here = ""
    for name in path.split("/") if path else []:
        below = joined(here, name)
        if not any(info.path == below and info.is_dir for info, _ in listings[here]):
            break
        listings[below] = _listed(repository, root, below)
        here = below
    return listings


def _entry(source: FileSource, info: FileInfo, changed: int | None, chosen: str) -> Entry:
    return Entry(
        name=info.path.rpartition("/")[2],
        path=info.path,
        is_folder=info.is_dir,
        size=None if info.is_dir else info.file_size or 0,
        changed=changed,
        href=source.page(path=info.path),
        current=chosen == info.path,
    )


def _entries(source: FileSource, listings: dict[str, Listed], folder: str, chosen: str) -> tuple[Entry, ...]:
    """The entries of a folder that the tree shows, first the folders; those on the way to the chosen path are open."""
    listed = _in_order(listings[folder])
    inner = chosen == folder or not any(info.path in listings for info, _ in listed)
    shown = listed[: IN_TREE if inner else IN_OUTER]
    shown += [one for one in listed[len(shown) :] if chosen == one[0].path or chosen.startswith(f"{one[0].path}/")]
    entries = []
    for place, (info, changed) in enumerate(shown):
        entry = _entry(source, info, changed, chosen)
        below = _entries(source, listings, info.path, chosen) if info.path in listings else None
        more = len(listed) - len(shown) if place == len(shown) - 1 else 0
        entries.append(replace(entry, entries=below, more=more))
    return tuple(entries)


def _in_order(listed: Listed) -> list[tuple[FileInfo, int | None]]:
    return sorted(listed, key=lambda one: (not one[0].is_dir, one[0].path))


def _chosen(source: FileSource, listings: dict[str, Listed], path: str) -> FileInfo:
    for info, _ in listings.get(path.rpartition("/")[0], ()):
        if info.path == path and not info.is_dir:
            return info
    raise DoesNotExist(f"This {source.owner} has no artifact {path!r}.")


def _beside(source: FileSource, listed: Listed, path: str) -> tuple[str, str]:
    """The addresses of the pictures before and after a picture in its folder."""
    pictures = [info.path for info, _ in listed if not info.is_dir and _is_picture(info.path)]
    if path not in pictures:
        return "", ""
    at = pictures.index(path)
    before, after = pictures[at - 1] if at else "", pictures[at + 1] if at + 1 < len(pictures) else ""
    return (source.page(path=before) if before else "", source.page(path=after) if after else "")


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in PICTURES


def _folder(source: FileSource, listed: Listed, path: str, state: ListState) -> Folder:
    files = [info for info, _ in listed if not info.is_dir]
    find = state.text("find")
    wanted = [one for one in _in_order(listed) if find.lower() in one[0].path.rpartition("/")[2].lower()]
    text = state.text("row")
    first = int(text) - 1 if text.isascii() and text.isdigit() and 0 < len(text) < 10 else 0
    shown = wanted[max(0, first) :][:ON_PAGE] if find or len(listed) > IN_TREE else []

    def page(row: int) -> str:
        return source.page(path=path, find=find, row=row)

    return Folder(
        path=path,
        files=len(files),
        folders=len(listed) - len(files),
        size=sum(info.file_size or 0 for info in files),
        archive=source.archive(path),
        page=tuple(_entry(source, info, changed, "") for info, changed in shown),
        pages=Pages(
            first=first + 1 if shown else 0,
            last=first + len(shown),
            total=len(wanted),
            start=source.page(path=path, find=find),
            previous=page(max(1, first + 1 - ON_PAGE)) if first else None,
            next=page(first + len(shown) + 1) if shown and first + len(shown) < len(wanted) else None,
        ),
        find=find,
        has_model=any(info.path == joined(path, "MLmodel") for info in files),
    )


def _look(
    site: Site, source: FileSource, repository: ArtifactRepository, root: str, info: FileInfo, state: ListState
) -> Look:
    path = joined(root, info.path)
    place, _ = place_of(source.location, site.gate.settings.artifact_places)
    return Look(
        path=info.path,
        size=info.file_size or 0,
        state=state,
        address=source.download(info.path),
        framed=source.framed(info.path),
        near=repository.local_path() is not None,
        opened=lambda: ranged(repository, path),
        page=source.page,
        raw=source.download,
        sizes=sizes_below(repository, root),
        place=(place, path),
    )
