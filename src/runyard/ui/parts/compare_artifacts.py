"""The artifacts of runs side by side: which files there are, pictures, and how texts and tables differ."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from runyard.artifacts.locations import place_of
from runyard.artifacts.parquet import CUT
from runyard.artifacts.paths import joined, safe_path
from runyard.exceptions import RunyardException
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_diff import Difference, difference_of
from runyard.ui.parts.compare_notebooks import MAX_BYTES, NotebookDifference, is_notebook, notebook_difference
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.compare_table import Compared
from runyard.ui.parts.compare_tables import Rows, TableDifference, delimited_rows, laid_over, logged_rows, parquet_rows
from runyard.ui.parts.files import BEGINNING, beginning, contents_at
from runyard.ui.parts.format import exact_size
from runyard.ui.parts.presentation import artifact_root
from runyard.ui.parts.previews.kinds import PICTURES, UNREADABLE, encoding_of
from runyard.ui.parts.previews.preview import document_of, is_table
from runyard.ui.parts.previews.tables import DELIMITERS
from runyard.ui.parts.run_tables import paths_of
from runyard.ui.site import Site

MAX_FILES = 1_000
"""Files of a folder of one run that are listed."""
_MAX_LINES = 400
_FOLDER = "folder"
_AS_TEXT = {
    ".ipynb": "Notebooks of more than 4 MB are compared as text, not cell by cell.",
    ".json": "JSON of more than 256 kB is compared as text, its keys and rows as they are written.",
}
"""What is said of files that are too large to be compared as what they are."""
_NO_NOTEBOOKS = "These are not both notebooks as Jupyter stores them, so they are compared as text."


@dataclass(frozen=True)
class Listing:
    """The files of a folder in each run.

    Attributes
    ----------
    compared: The size of each file in each run.
    sizes: Sizes in bytes of the files of each run, by path.
    errors: Why the artifacts of some runs cannot be listed.
    above: Names and addresses of the folders above, and of this one.
    """

    compared: Compared
    sizes: tuple[Mapping[str, int], ...]
    errors: tuple[str, ...]
    above: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A picture of a run."""

    name: str
    address: str
    page: str


@dataclass(frozen=True)
class SideBySide:
    """A file of several runs: one of `pictures`, `table`, `notebook` and `difference`, or none of them.

    Attributes
    ----------
    said: Sentences about the file.
    cut: Only its beginning was looked at.
    together: The address of the table of all runs, where it is one that several logged.
    """

    path: str
    said: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    table: TableDifference | None = None
    notebook: NotebookDifference | None = None
    difference: Difference | None = None
    cut: bool = False
    together: str = ""


def listing_of(site: Site, comparison: Comparison, folder: str) -> Listing:
    """The files of a folder, asked of each run's own place of artifacts."""
    columns, sizes, errors = list[dict[str, str]](), list[dict[str, int]](), list[str]()
    hrefs: dict[str, str] = {}
    for run in comparison.runs:
        column, found = dict[str, str](), dict[str, int]()
        try:
            files = sorted(contents_at(site, artifact_root(run), folder), key=lambda file: (not file.is_dir, file.path))
        except RunyardException as problem:
            files = []
            errors.append(problem.message)
        for file in files[:MAX_FILES]:
            name = file.path.rpartition("/")[2] + ("/" if file.is_dir else "")
            column[name] = _FOLDER if file.is_dir else exact_size(file.file_size or 0)
            if not file.is_dir:
                found[file.path] = file.file_size or 0
            hrefs[name] = comparison.href(path=file.path, key=None, step=None, match=None)
        columns.append(column)
        sizes.append(found)
    parts = [part for part in folder.split("/") if part]
    above = [("Artifacts", comparison.href(path=None))]
    above += [(part, comparison.href(path="/".join(parts[: at + 1]))) for at, part in enumerate(parts)]
    compared = Compared("Size of files", tuple(columns), hrefs=hrefs)
    return Listing(compared, tuple(sizes), tuple(dict.fromkeys(errors)), tuple(above))


def listing_around(site: Site, comparison: Comparison, path: str) -> tuple[str, Listing]:
    """The folder that a path names, or that the file is in, and what is in it."""
    above = path.rpartition("/")[0]
    if path:
        listing = listing_of(site, comparison, above)
        if any(path in sizes for sizes in listing.sizes):
            return above, listing
    return path, listing_of(site, comparison, path)


def chosen_path(comparison: Comparison) -> str:
    """The path of the file or folder that the address names.

    Raises
    ------
    InvalidParameter: It leads out of the artifacts.
    """
    return safe_path(comparison.state.path())


def side_by_side(site: Site, comparison: Comparison, listing: Listing, path: str, *, only: bool) -> SideBySide | None:
    """A file of the runs; None where the path is none of a file.

    Parameters
    ----------
    only: Leave out rows and lines that are equal.
    """
    having = [place for place, sizes in enumerate(listing.sizes) if path in sizes]
    if not having:
        return None
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in PICTURES:
        shown = ((comparison.runs[place], comparison.names[place]) for place in having)
        return SideBySide(path, pictures=tuple(_picture(site, run, name, path) for run, name in shown))
    pair = (comparison.baseline, comparison.other)
    lacking = [comparison.names[place] for place in dict.fromkeys(pair) if place not in having]
    if lacking:
        return SideBySide(path, tuple(f"{name} has no such file." for name in lacking))
    if pair[0] == pair[1]:
        return SideBySide(path, ("There is no other run to compare it with.",))
    if suffix == ".parquet":
        return _parquet(site, comparison, path, only=only)
    most = MAX_BYTES if suffix == ".ipynb" else BEGINNING
    old, new = (None if suffix in UNREADABLE else _beginning(site, run, path, most) for run in comparison.pair)
    if old is None or new is None:
        sizes = [listing.sizes[place][path] for place in pair]
        same = "the same size" if sizes[0] == sizes[1] else "different sizes"
        return SideBySide(path, (f"Files of this kind are not compared line by line. They have {same}.",))
    found = _of_two(comparison, path, old, new, only=only)
    logged = sum(path in paths_of(run) for run in comparison.runs) > 1
    return replace(found, together=site.urls("tables", runs=comparison.ids, path=path)) if logged else found


def _picture(site: Site, run: Run, name: str, path: str) -> Picture:
    run_id = run.info.run_id
    address = site.urls("get-artifact", run_id=run_id, path=path)
    return Picture(name, address, site.urls("runs", run_id, "artifacts", path=path))


@dataclass(frozen=True)
class _Beginning:
    """The first lines of a file; `cut` where it has more."""

    text: str
    cut: bool


def _beginning(site: Site, run: Run, path: str, most: int) -> _Beginning | None:
    """The beginning of a text; None for a file of another kind."""
    try:
        content = beginning(site, artifact_root(run), path, most)
    except RunyardException:  # it went while we looked
        return None
    cut = len(content) > most
    if cut:
        content = content[: content.rfind(b"\n", 0, most) + 1] or content[:most]
    encoding = encoding_of(content, PurePosixPath(path).suffix.lower(), cut=cut)
    try:
        return _Beginning(content.decode(encoding), cut) if encoding else None
    except UnicodeDecodeError:
        return None


def _parquet(site: Site, comparison: Comparison, path: str, *, only: bool) -> SideBySide:
    """Two Parquet files as tables, or why they are not compared."""
    found = []
    for run in comparison.pair:
        place, root = place_of(artifact_root(run), site.gate.settings.artifact_places)
        try:
            found.append(parquet_rows(place, joined(root, path)))
        except RunyardException as problem:
            return SideBySide(path, (problem.message,))
    long = any(len(cell) >= CUT for table in found for row in table.rows for cell in row)
    said = (f"Of each cell the first {CUT} characters are compared.",) if long else ()
    return SideBySide(path, said, table=laid_over(*found, key=comparison.state.text("match"), only=only))


def _of_two(comparison: Comparison, path: str, old: _Beginning, new: _Beginning, *, only: bool) -> SideBySide:
    cut, suffix = old.cut or new.cut, PurePosixPath(path).suffix.lower()
    before, after = _table(suffix, old), _table(suffix, new)
    if before is not None and after is not None:
        return SideBySide(path, table=laid_over(before, after, key=comparison.state.text("match"), only=only), cut=cut)
    if suffix == ".ipynb" and not cut:
        documents = [document_of(text.text.encode()) for text in (old, new)]
        if all(map(is_notebook, documents)):
            return SideBySide(path, notebook=notebook_difference(*documents, only=only))
    said = _AS_TEXT.get(suffix, "") if cut else _NO_NOTEBOOKS if suffix == ".ipynb" else ""
    texts = [_in_order(text.text) if suffix == ".json" and not cut else text.text for text in (old, new)]
    found = difference_of(texts[0], texts[1], whole=not only, shown=_MAX_LINES)
    equal = "They are the same." if found.equal and not cut else ""
    return SideBySide(path, tuple(filter(None, (said, equal))), difference=found, cut=cut)


def _in_order(text: str) -> str:
    """JSON with its keys by name, so that their order makes no difference."""
    document = document_of(text.encode())
    return text if document is None else json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)


def _table(suffix: str, file: _Beginning) -> Rows | None:
    """The head and the rows of a file of values, or of a table that ``log_table`` stored."""
    if suffix in DELIMITERS:
        return delimited_rows(file.text, DELIMITERS[suffix], cut=file.cut)
    document = document_of(file.text.encode()) if suffix == ".json" and not file.cut else None
    return logged_rows(document) if is_table(document) else None
