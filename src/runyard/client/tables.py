"""What the client can do with tables: JSON documents of columns and rows, appended to by later calls."""

import json
from typing import TYPE_CHECKING, Any

from runyard.artifacts.paths import safe_path
from runyard.artifacts.repository import ArtifactRepository
from runyard.client.files import FilesClient
from runyard.exceptions import DoesNotExist, InvalidParameter, MissingPackage, RunyardException
from runyard.tracking.runs.client import RunsClient

if TYPE_CHECKING:
    import pandas as pd

TABLES_TAG = "mlflow.loggedArtifacts"


class TablesClient(FilesClient, RunsClient):
    """Tables as artifacts."""

    def log_table(self, run_id: str, data: "dict[str, Any] | pd.DataFrame", artifact_file: str) -> None:
        """Store a table, or append its rows to the one stored at this path.

        Parameters
        ----------
        run_id: The run.
        data: A DataFrame, or a dict of columns, each a list or one value.
        artifact_file: Where to store it, ending in .json.

        Raises
        ------
        InvalidParameter: The data is no table, or the path does not end in .json.
        """
        path = safe_path(artifact_file)
        if not path.endswith(".json"):
            raise InvalidParameter(f"Tables are kept as JSON: {artifact_file!r} must end in .json.")
        frame = _as_frame(data)
        run = self.get_run(run_id)
        stored = read_table(self.repository(run.info.artifact_uri or ""), path)
        if stored is not None:
            frame = _pandas().concat([stored, frame], ignore_index=True)
        self.log_text(run_id, frame.to_json(orient="split", index=False, date_format="iso"), path)
        entry = {"path": path, "type": "table"}
        known = json.loads(run.data.tags.get(TABLES_TAG, "[]"))
        if entry not in known:
            self.set_tag(run_id, TABLES_TAG, json.dumps([*known, entry]))

    def load_table(
        self,
        experiment_id: str,
        artifact_file: str,
        run_ids: list[str] | None = None,
        extra_columns: list[str] | None = None,
    ) -> "pd.DataFrame":
        """The tables stored at this path by the runs of an experiment, one below the other.

        Parameters
        ----------
        experiment_id: Where to look.
        artifact_file: Where the tables were stored.
        run_ids: Take only these runs.
        extra_columns: What to add of each run: ``run_id``, ``start_time`` or another attribute, param, metric or tag.

        Raises
        ------
        InvalidParameter: No run has such a table, or an extra column is not known.
        """
        path = safe_path(artifact_file)
        pattern = json.dumps({"path": path, "type": "table"})[1:-1]
        filter_string = f"tags.`{TABLES_TAG}` LIKE '%{pattern}%'"
        frames, token = [], None
        while True:
            page = self.search_runs([experiment_id], filter_string, max_results=1000, page_token=token)
            for run in page:
                if run_ids is None or run.info.run_id in run_ids:
                    frame = read_table(self.repository(run.info.artifact_uri or ""), path)
                    if frame is not None:
                        frames.append(frame.assign(**{name: _extra(run, name) for name in extra_columns or ()}))
            token = page.token
            if not token:
                break
        if not frames:
            raise InvalidParameter(f"No run of experiment {experiment_id} has a table {artifact_file!r}.")
        whole: pd.DataFrame = _pandas().concat(frames, ignore_index=True)
        return whole


def _extra(run: Any, name: str) -> Any:
    for place in (run.data.params, run.data.metrics, run.data.tags):
        if name in place:
            return place[name]
    if hasattr(run.info, name):
        return getattr(run.info, name)
    raise InvalidParameter(f"Runs have no attribute, param, metric or tag {name!r} to add as a column.")


def read_table(repository: ArtifactRepository, path: str) -> "pd.DataFrame | None":
    """The table stored at a path; None if there is none."""
    try:
        text = b"".join(repository.read(path))
    except RunyardException as error:
        if error.error_code == DoesNotExist.code:
            return None
        raise
    document = json.loads(text)
    frame: pd.DataFrame = _pandas().DataFrame(document["data"], columns=document["columns"])
    return frame


def _as_frame(data: Any) -> "pd.DataFrame":
    pandas = _pandas()
    if isinstance(data, pandas.DataFrame):
        return data  # type: ignore[no-any-return]
    if not isinstance(data, dict):
        raise InvalidParameter(f"{type(data).__name__} is no table: give a DataFrame or a dict of columns.")
    plain = {
        key: value if isinstance(value, list | tuple) or hasattr(value, "__array__") else [value]
        for key, value in data.items()
    }
    try:
        return pandas.DataFrame(plain)  # type: ignore[no-any-return]
    except ValueError as problem:
        raise InvalidParameter(f"The dict is no table: {problem}.") from None


def _pandas() -> Any:
    try:
        import pandas  # noqa: PLC0415  (optional, and slow to load)
    except ImportError:
        raise MissingPackage("pandas", "ml", "Working with tables") from None
    return pandas
