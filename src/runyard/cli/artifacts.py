"""`runyard artifacts`: upload, list and download artifacts of runs."""

import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import click

from runyard.artifacts import repository_for
from runyard.artifacts.repository import ArtifactRepository
from runyard.cli.choices import run_id_option
from runyard.cli.output import output_option, progress, show_json, show_rows
from runyard.client import RunyardClient
from runyard.entities import FileInfo

artifact_path_option = click.option("-a", "--artifact-path", help="Path inside the run's artifacts.")


@click.group()
def artifacts() -> None:
    """Upload, list and download artifacts of runs.

    The store is the one that RUNYARD_TRACKING_URI (or MLFLOW_TRACKING_URI) names, the local one when neither is set.
    """


@artifacts.command()
@click.option(
    "-l",
    "--local-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File to upload.",
)
@run_id_option
@artifact_path_option
def log_artifact(local_file: Path, run_id: str, artifact_path: str | None) -> None:
    """Upload one file to a run."""
    _upload(run_id, [(local_file, artifact_path)])
    click.echo(f"Logged artifact from local file {local_file} to artifact_path={artifact_path}")


@artifacts.command()
@click.option(
    "-l",
    "--local-dir",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder whose content to upload.",
)
@run_id_option
@artifact_path_option
def log_artifacts(local_dir: Path, run_id: str, artifact_path: str | None) -> None:
    """Upload everything in a folder to a run."""
    files = [path for path in sorted(local_dir.rglob("*")) if path.is_file()]
    _upload(run_id, [(path, _target(artifact_path, path.relative_to(local_dir))) for path in files])
    click.echo(f"Logged {len(files)} artifacts from local dir {local_dir} to artifact_path={artifact_path}")


def _target(artifact_path: str | None, relative: Path) -> str | None:
    """The artifact folder that a file of an uploaded folder belongs in; none for the run's own."""
    folder = PurePosixPath(artifact_path or "") / relative.parent.as_posix()
    return None if folder == PurePosixPath() else str(folder)


def _upload(run_id: str, files: list[tuple[Path, str | None]]) -> None:
    client = RunyardClient()
    client.get_run(run_id)
    with progress("Uploading", sum(path.stat().st_size for path, _ in files)) as advance:
        for path, folder in files:
            client.log_artifact(run_id, str(path), folder)
            advance(path.stat().st_size)


@artifacts.command(name="list")
@run_id_option
@artifact_path_option
@output_option(default="json")
def list_artifacts(run_id: str, artifact_path: str | None, output: str) -> None:
    """List one folder of a run's artifacts."""
    found = RunyardClient().list_artifacts(run_id, artifact_path)
    if output == "json":
        show_json([file.to_dictionary() for file in found])
        return
    show_rows(("Path", "Size"), [(f"{file.path}/" if file.is_dir else file.path, file.file_size) for file in found])


@artifacts.command()
@click.option("-r", "--run-id", help="Run to download from.")
@artifact_path_option
@click.option("-u", "--artifact-uri", help="Address to download from, instead of a run.")
@click.option(
    "-d",
    "--dst-path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to; made when it is not there. A new temporary folder when not given.",
)
def download(run_id: str | None, artifact_path: str | None, artifact_uri: str | None, dst_path: Path | None) -> None:
    """Download a file or a folder, and print where it is now."""
    if (run_id is None) == (artifact_uri is None):
        raise click.UsageError("Give either --run-id or --artifact-uri.")
    if artifact_uri is not None and artifact_path is not None:
        raise click.UsageError("--artifact-path goes with --run-id; put the path into --artifact-uri.")
    if dst_path is not None:
        dst_path.mkdir(parents=True, exist_ok=True)
    source = artifact_uri or RunyardClient().get_run(str(run_id)).info.artifact_uri
    click.echo(_download(repository_for(source), artifact_path or "", dst_path))


def _download(repository: ArtifactRepository, path: str, folder: Path | None) -> str:
    """Fetch a folder's files one by one, so that the bar moves; a single file in one go."""
    files = [file for file in _walk(repository, path) if not file.is_dir]
    destination = None if folder is None else str(folder)
    if not files:
        return str(repository.download_artifacts(path, destination))
    if destination is None:
        destination = tempfile.mkdtemp(prefix="runyard-")
    with progress("Downloading", sum(file.file_size or 0 for file in files)) as advance:
        for file in files:
            repository.download_artifacts(file.path, destination)
            advance(file.file_size or 0)
    return str(Path(destination, path))


def _walk(repository: ArtifactRepository, path: str) -> Iterator[FileInfo]:
    for file in repository.list_artifacts(path or None):
        yield file
        if file.is_dir:
            yield from _walk(repository, file.path)
