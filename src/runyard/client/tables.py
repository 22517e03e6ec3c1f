"""Methods of the client for tables: files of columns and rows that later calls append to."""

import json
import logging
import posixpath
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.artifacts.paths import PathText, joined, normalised
from runyard.artifacts.repository import ArtifactRepository
from runyard.client.cells import Cells
from runyard.client.files import FilesClient
from runyard.client.images import as_picture, saved, thumbnail
from runyard.client.table_files import ENDINGS, addition, pandas_of_tables, read_table
from runyard.core.listed import listed, listed_ids
from runyard.core.paged_list import PagedList, all_pages
from runyard.core.tags import TABLES_TAG
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.tracking.runs.client import RunsClient
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import tables_of

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

PICTURES = "table_images"
"""The folder among a run's artifacts that holds the pictures of its tables."""
_TIMES = ("start_time", "end_time")


class TablesClient(FilesClient, RunsClient):
    """Tables as artifacts."""

    def log_table(self, run_id: str, data: "dict[str, Any] | pd.DataFrame", artifact_file: PathText) -> None:
        """Store a table, or append its rows to the one stored at this path.

        Rows that other threads, processes or machines append at the same time are all kept.

        Parameters
        ----------
        run_id: The run.
        data: A DataFrame, or a dict of columns, each a list or one value. Images of Pillow are stored below
            ``table_images`` and their cells name the files. Values that are neither text nor numbers, dates, lists or
            dicts are kept as text, with a warning.
        artifact_file: Where to store it, ending in .json or .parquet.

        Raises
        ------
        InvalidParameter: The data is not a table or does not fit into the file, or the path ends in something else.
        """
        path = _table_path(artifact_file)
        frame = _as_frame(data)
        with tempfile.TemporaryDirectory(prefix="runyard-") as folder:
            pictures = _Pictures(Path(folder), path)
            add = addition(frame, path, Cells(pictures.add))
            if pictures.count:
                self.log_artifacts(run_id, folder, pictures.artifact_path)
            stored = self.connection.upload("table", run_id, lambda repository: repository.change(path, add))
        if not stored:  # the store adds the entry when it stores the table
            self.set_tag(run_id, TABLES_TAG, json.dumps([_entry(path)]))
            return
        run = self.get_run(run_id)
        if _entry(path) not in tables_of(run.data.tags.get(TABLES_TAG)):
            self.set_tag(run_id, TABLES_TAG, json.dumps([*tables_of(run.data.tags.get(TABLES_TAG)), _entry(path)]))

    def load_table(
        self,
        experiment_id: str,
        artifact_file: PathText,
        run_ids: list[str] | None = None,
        extra_columns: list[str] | None = None,
    ) -> "pd.DataFrame":
        """The tables that the runs of an experiment stored at this path, concatenated.

        Parameters
        ----------
        experiment_id: The experiment to search.
        artifact_file: Where the tables were stored.
        run_ids: Take only these runs.
        extra_columns: What to add of each run, as the columns of `search_runs` are called (``run_id``, ``start_time``,
            ``params.x``, ``metrics.y``, ``tags.z``), or just ``x``. A column that the table has already gets an
            underscore.

        Raises
        ------
        InvalidParameter: No run has such a table, or no run has an extra column.
        """
        path, wanted = _table_path(artifact_file), listed_ids(run_ids)
        found: list[tuple[Run, pd.DataFrame]] = []
        for run in self._runs_with_table(experiment_id, path):
            if run_ids is None or run.info.run_id in wanted:
                frame = _stored(self.repository(run.info.artifact_uri or ""), path)
                if frame is not None:
                    found.append((run, frame))
        if not found:
            raise InvalidParameter(f"No run of experiment {experiment_id} has a table {path!r}.")
        for name in listed(extra_columns):
            _add_column(found, name)
        whole: pd.DataFrame = pandas_of_tables().concat([frame for _, frame in found], ignore_index=True)
        return whole

    def _runs_with_table(self, experiment_id: str, path: str) -> list[Run]:
        entry = _entry(path)
        pattern = '"type": "table"' if "'" in path else json.dumps(entry)[1:-1]  # filters cannot express it
        tagged = f"tags.`{TABLES_TAG}` LIKE '%{pattern}%'"

        def page(size: int, token: str | None) -> PagedList[Run]:
            return self.search_runs([experiment_id], tagged, max_results=size, page_token=token)

        return [run for run in all_pages(page, 1000) if entry in tables_of(run.data.tags.get(TABLES_TAG))]


class _Pictures:
    """The pictures of a table, in a local folder until they are stored.

    Attributes
    ----------
    artifact_path: Their folder among the run's artifacts.
    """

    def __init__(self, folder: Path, table: str) -> None:
        self._folder, self.count = folder, 0
        self.artifact_path = joined(PICTURES, table.rpartition(".")[0])

    def add(self, image: Any) -> dict[str, str]:
        """Write a picture and its thumbnail; returns the cell that refers to them."""
        picture, stem = as_picture(image), str(uuid.uuid4())
        saved(picture, self._folder / f"{stem}.png", "PNG")
        saved(thumbnail(picture), self._folder / f"{stem}.webp", "WEBP")
        self.count += 1
        file = posixpath.join(self.artifact_path, stem)
        return {"type": "image", "filepath": f"{file}.png", "compressed_filepath": f"{file}.webp"}


def _table_path(artifact_file: PathText) -> str:
    path = normalised(artifact_file)
    if not path.endswith(ENDINGS):
        raise InvalidParameter(f"Tables are kept as JSON or Parquet: {path!r} must end in .json or .parquet.")
    return path


def _stored(repository: ArtifactRepository, path: str) -> "pd.DataFrame | None":
    """The table stored at a path; None if there is none."""
    try:
        content = b"".join(repository.read(path))
    except RunyardException as error:
        if error.error_code == DoesNotExist.code:
            return None
        raise
    return read_table(content, path)


def _add_column(tables: "list[tuple[Run, pd.DataFrame]]", name: str) -> None:
    """Add attributes, params, metrics and tags of each run to its table."""
    values = [_extra(run, name) for run, _ in tables]
    if all(not known for known, _ in values):
        raise InvalidParameter(f"Runs have no attribute, param, metric or tag {name!r} to add as a column.")
    for (_, frame), (_, value) in zip(tables, values, strict=True):
        column = name
        while column in frame:
            column += "_"
        if column != name:
            log.warning("The table has a column %r already; what is known of the run is added as %r.", name, column)
        frame[column] = [value] * len(frame)


def _extra(run: Run, name: str) -> tuple[bool, Any]:
    """The run's value of this name, and whether it has one."""
    kind, _, key = name.partition(".")
    places: dict[str, Mapping[str, Any]] = {
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": run.data.tags,
    }
    if key in places.get(kind, ()):
        return True, places[kind][key]
    for place in places.values():
        if name in place:
            return True, place[name]
    value = getattr(run.info, name, None)
    known = hasattr(run.info, name) and not callable(value)
    if name in _TIMES and value is not None:
        value = pandas_of_tables().to_datetime(value, unit="ms", utc=True)
    return known, value


def _as_frame(data: Any) -> "pd.DataFrame":
    pandas = pandas_of_tables()
    if isinstance(data, pandas.DataFrame):
        return data  # type: ignore[no-any-return]
    if not isinstance(data, dict):
        raise InvalidParameter(f"{type(data).__name__} is not a table: give a DataFrame or a dict of columns.")
    plain = {key: value if _is_column(value) else [value] for key, value in data.items()}
    try:
        return pandas.DataFrame(plain)  # type: ignore[no-any-return]
    except ValueError as problem:
        raise InvalidParameter(f"The dict is not a table: {problem}.") from None


def _is_column(value: Any) -> bool:
    """Lists and one-dimensional arrays; an array with more dimensions is one cell."""
    return isinstance(value, list | tuple) or (hasattr(value, "__array__") and getattr(value, "ndim", 1) == 1)


def _entry(path: str) -> dict[str, str]:
    """The entry for a table in the tag that lists the run's tables."""
    return {"path": path, "type": "table"}
