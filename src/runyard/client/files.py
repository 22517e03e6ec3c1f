"""Methods of the client for artifacts: files, folders, texts and documents."""

import os
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import PathText, normalised
from runyard.artifacts.repository import PIECE, ArtifactRepository, Progress
from runyard.artifacts.transfers import download_artifacts, log_artifact, log_artifacts
from runyard.client.addresses import RUNS, Directory, followed, model_in_run
from runyard.client.documents import as_json, as_yaml
from runyard.client.uploads import repository_at
from runyard.core.store_address import absolute
from runyard.exceptions import InvalidParameter
from runyard.protocol.client_part import ClientPart
from runyard.tracking.logged_models.client import checked_model_id
from runyard.tracking.logged_models.messages import GetLoggedModel
from runyard.tracking.runs.messages import GetRun

YAML = (".yml", ".yaml")


class FilesClient(ClientPart):
    """Artifacts: store, list, download."""

    @property
    def tracking_uri(self) -> str:
        """The store this client speaks to."""
        raise TypeError("the class that inherits this part defines it")

    def repository(self, artifact_uri: str) -> ArtifactRepository:
        """The artifact repository for a URI."""
        return repository_at(artifact_uri, absolute(self.tracking_uri))

    def _of_run(self, run_id: str) -> ArtifactRepository:
        run = self.send(GetRun(run_id=run_id)).run
        return self.repository(run.info.artifact_uri or "")

    def _of_model(self, model_id: str) -> ArtifactRepository:
        message = GetLoggedModel(model_id=checked_model_id(model_id))
        return self.repository(self.send(message).model.artifact_location)

    def log_artifact(
        self, run_id: str, local_path: str | os.PathLike[str], artifact_path: PathText | None = None
    ) -> None:
        """Store a file, or a folder with its name.

        Parameters
        ----------
        run_id: The run.
        local_path: What to store.
        artifact_path: The folder among the run's artifacts to put it in.
        """
        folder = normalised(artifact_path)
        self.connection.upload("run", run_id, lambda repository: log_artifact(repository, local_path, folder))

    def log_artifacts(
        self, run_id: str, local_dir: str | os.PathLike[str], artifact_path: PathText | None = None
    ) -> None:
        """Store everything in a folder."""
        folder = normalised(artifact_path)
        self.connection.upload("run", run_id, lambda repository: log_artifacts(repository, local_dir, folder))

    def list_artifacts(self, run_id: str, path: PathText | None = None) -> list[FileInfo]:
        """The direct contents of a folder of the run's artifacts; below a logged model's name, of its files.

        Empty for a file or a missing folder.
        """
        checked = normalised(path)
        found = self._of_run(run_id).list(checked)
        directory = cast(Directory, self)
        model = model_in_run(directory, directory.get_run(run_id), checked) if checked else None
        if model is None:
            return found
        name, _, below = checked.partition("/")
        of_model = self.repository(model.artifact_location).list(below)
        known = {file.path for file in found}
        added = (FileInfo(f"{name}/{file.path}", file.is_dir, file.file_size) for file in of_model)
        return [*found, *(file for file in added if file.path not in known)]

    def download_artifacts(
        self,
        run_id: str,
        path: PathText,
        dst_path: str | os.PathLike[str] | None = None,
        *,
        progress: Progress | None = None,
    ) -> str:
        """Copy a file or folder of the run's artifacts to this machine; returns its local path.

        Parameters
        ----------
        path: What to copy; everything when empty.
        dst_path: The folder to put it in. When left out, a new temporary one, or the artifact's own path if it is on
            this machine.
        progress: Called with the number of bytes copied.

        Raises
        ------
        DoesNotExist: There is no such artifact.
        """
        path = normalised(path)
        root, found = followed(cast(Directory, self), f"{RUNS}{run_id}/{path}")
        if path and not found:  # a logged model of the run: its files are copied to a folder of its name
            folder = Path(dst_path or tempfile.mkdtemp(prefix="runyard-"), path)
            folder.mkdir(parents=True, exist_ok=True)
            return download_artifacts(self.repository(root), "", str(folder), progress)
        return download_artifacts(self.repository(root), found, dst_path, progress)

    def log_model_artifact(
        self, model_id: str, local_path: str | os.PathLike[str], artifact_path: PathText | None = None
    ) -> None:
        """Store a file, or a folder with its name, among the files of a logged model.

        Parameters
        ----------
        artifact_path: The folder among the model's files to put it in.

        Raises
        ------
        DoesNotExist: There is no such model.
        """
        checked, folder = checked_model_id(model_id), normalised(artifact_path)
        self.connection.upload("model", checked, lambda repository: log_artifact(repository, local_path, folder))

    def log_model_artifacts(
        self, model_id: str, local_dir: str | os.PathLike[str], artifact_path: PathText | None = None
    ) -> None:
        """Store everything in a folder among the files of a logged model."""
        checked, folder = checked_model_id(model_id), normalised(artifact_path)
        self.connection.upload("model", checked, lambda repository: log_artifacts(repository, local_dir, folder))

    def list_logged_model_artifacts(self, model_id: str, path: PathText | None = None) -> list[FileInfo]:
        """The direct contents of a folder of a logged model's files; empty for a file or a missing folder."""
        return self._of_model(model_id).list(normalised(path))

    def log_text(self, run_id: str, text: str, artifact_file: PathText) -> None:
        """Store text as a file at this path."""
        if not isinstance(text, str):
            raise InvalidParameter(
                f"{type(text).__name__} is not text. Store it with log_dict, or log_artifact its file."
            )
        with self._file_for(run_id, artifact_file) as local:
            local.write_bytes(text.encode("utf-8", "backslashreplace"))

    def log_stream(self, run_id: str, stream: BinaryIO, artifact_file: PathText) -> None:
        """Store the content of a binary stream as a file at this path."""
        with self._file_for(run_id, artifact_file) as local, local.open("wb") as file:
            while piece := stream.read(PIECE):
                file.write(piece)

    def log_dict(self, run_id: str, dictionary: Any, artifact_file: PathText) -> None:
        """Store a dictionary or list as YAML if the path ends in .yml or .yaml, else as JSON."""
        with self._file_for(run_id, artifact_file) as local:
            written = as_yaml if local.suffix.lower() in YAML else as_json
            local.write_text(written(dictionary), encoding="utf-8")

    @contextmanager
    def _file_for(self, run_id: str, artifact_file: PathText) -> Iterator[Path]:
        """A local file to fill; it is then stored at a path of the run's artifacts."""
        folder, name = posixpath.split(normalised(artifact_file))
        if not name:
            raise InvalidParameter(f"{str(artifact_file)!r} names no file. Give a path such as 'plots/loss.png'.")
        with tempfile.TemporaryDirectory(prefix="runyard-") as temporary:
            local = Path(temporary) / name
            yield local
            self.connection.upload("run", run_id, lambda repository: log_artifact(repository, str(local), folder), True)
