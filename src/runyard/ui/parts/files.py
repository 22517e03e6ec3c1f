"""The files of a run, a logged model or a model version: the tree, and a preview of one file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.locations import open_location
from runyard.artifacts.paths import joined, safe_path
from runyard.exceptions import RunyardException
from runyard.ui.parts.preview import MAX_BYTES, Preview, preview_of
from runyard.ui.site import Site

MAX_FILES = 1000


@dataclass(frozen=True)
class Entry:
    """A file or folder of the tree; open folders hold their entries."""

    name: str
    path: str
    is_folder: bool
    size: int | None
    href: str
    current: bool
    is_open: bool
    entries: tuple["Entry", ...]


@dataclass(frozen=True)
class Files:
    """The tree with a preview of the chosen file, or what is wrong with it."""

    entries: tuple[Entry, ...]
    path: str
    preview: Preview | None
    download: str
    error: str | None
    location: str


@dataclass(frozen=True)
class FileSource:
    """Where the files of a run, model or version are, and how to reach them.

    Attributes
    ----------
    owner: Kind of the owner, for messages: ``run``, ``model``, ``version``.
    location: Address of the artifact folder.
    contents: Lists a folder, as the protocol does.
    page: The address of the page with a path chosen.
    download: The address of a file itself.
    """

    owner: str
    location: str
    contents: Callable[[str], Sequence[FileInfo]]
    page: Callable[[str], str]
    download: Callable[[str], str]


def files_of(site: Site, source: FileSource, path: str) -> Files:
    """The tree, open on the way to the chosen path, and a look into the file there."""
    entries: tuple[Entry, ...] = ()
    preview, error = None, None
    try:
        entries = _entries(source, "", path)
        chosen = _chosen(entries)
        if chosen is not None and not chosen.is_folder:
            address = source.download(chosen.path)
            preview = preview_of(chosen.path, chosen.size, address, lambda: beginning(site, source.location, path))
        elif path and chosen is None:
            error = f"This {source.owner} has no artifact {path!r}."
    except RunyardException as problem:
        error = problem.message
    return Files(entries, path, preview, source.download(path) if preview else "", error, source.location)


def beginning(site: Site, location: str, path: str) -> bytes:
    """The first bytes of a file, one more than a preview shows."""
    repository, root = open_location(location, site.gate.settings.artifact_places)
    with repository.open(joined(root, path)).file as file:
        return file.read(MAX_BYTES + 1)


def contents_at(site: Site, location: str, folder: str) -> list[FileInfo]:
    """The direct contents of a folder of a location, with paths relative to the location."""
    repository, root = open_location(location, site.gate.settings.artifact_places)
    found = repository.list(joined(root, safe_path(folder)))
    return [FileInfo(file.path[len(root) + 1 :] if root else file.path, file.is_dir, file.file_size) for file in found]


def _entries(source: FileSource, folder: str, chosen: str) -> tuple[Entry, ...]:
    """The entries of a folder; folders on the way to the chosen path are open."""
    entries = []
    listed = source.contents(folder)
    for file in sorted(listed, key=lambda file: (not file.is_dir, file.path))[:MAX_FILES]:
        path = file.path
        is_open = file.is_dir and (chosen == path or chosen.startswith(f"{path}/"))
        entries.append(
            Entry(
                name=path.rpartition("/")[2],
                path=path,
                is_folder=file.is_dir,
                size=None if file.is_dir else file.file_size or 0,
                href=source.page(path),
                current=chosen == path,
                is_open=is_open,
                entries=_entries(source, path, chosen) if is_open else (),
            )
        )
    return tuple(entries)


def _chosen(entries: tuple[Entry, ...]) -> Entry | None:
    for entry in entries:
        found = entry if entry.current else _chosen(entry.entries)
        if found is not None:
            return found
    return None
