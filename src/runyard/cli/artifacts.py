"""`runyard artifacts`: upload, list and download artifacts of runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from runyard.artifacts import transfers
from runyard.artifacts.repository import ArtifactRepository, Progress
from runyard.cli.choices import run_id_option
from runyard.cli.groups import CommandGroup
from runyard.cli.output import output_option, progress, show_json, show_rows
from runyard.client import RunyardClient
from runyard.client.addresses import folder_and_name, located
from runyard.core.amounts import plural
from runyard.exceptions import DoesNotExist
from runyard.fluent import artifacts as fluent

artifact_uri_option = click.option(
    "-u", "--artifact-uri", help="Address instead of a run: runs:/<run id>/<path>, models:/<name>@<alias>, s3://…"
)
artifact_path_option = click.option("-a", "--artifact-path", help="Path inside the run's artifacts.")


@click.group(cls=CommandGroup)
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
    with _uploading(run_id, [local_file]) as (repository, advance):
        transfers.log_artifact(repository, str(local_file), artifact_path, advance)
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
    files = list(transfers.files_below(local_dir))
    with _uploading(run_id, files) as (repository, advance):
        transfers.log_artifacts(repository, str(local_dir), artifact_path, advance)
    click.echo(f"Logged {plural(len(files), 'artifact')} from local dir {local_dir} to artifact_path={artifact_path}")


@contextmanager
def _uploading(run_id: str, files: list[Path]) -> Iterator[tuple[ArtifactRepository, Progress]]:
    """The run's repository, and what moves the bar."""
    client = RunyardClient()
    repository = client.repository(str(client.get_run(run_id).info.artifact_uri))
    with progress("Uploading", sum(path.stat().st_size for path in files if path.is_file())) as advance:
        yield repository, advance


@artifacts.command(name="list")
@click.option("-r", "--run-id", help="Run to list.")
@artifact_path_option
@artifact_uri_option
@output_option(default="json")
def list_artifacts(run_id: str | None, artifact_path: str | None, artifact_uri: str | None, output: str) -> None:
    """List one folder of artifacts."""
    _require_one(run_id, artifact_path, artifact_uri)
    found = fluent.list_artifacts(artifact_uri, run_id, artifact_path)
    if output == "json":
        show_json([file.to_dictionary() for file in found])
        return
    show_rows(("Path", "Size"), [(f"{file.path}/" if file.is_dir else file.path, file.file_size) for file in found])


@artifacts.command()
@click.option("-r", "--run-id", help="Run to download from.")
@artifact_path_option
@artifact_uri_option
@click.option(
    "-d",
    "--dst-path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to; created if it does not exist. A new temporary folder when not given.",
)
def download(run_id: str | None, artifact_path: str | None, artifact_uri: str | None, dst_path: Path | None) -> None:
    """Download a file or a folder, and print where it is now."""
    _require_one(run_id, artifact_path, artifact_uri)
    client = RunyardClient()
    if artifact_uri is None:
        repository, path = client.repository(str(client.get_run(str(run_id)).info.artifact_uri)), artifact_path or ""
    else:
        repository, path = folder_and_name(client, *located(client, artifact_uri))
    if not path and not repository.list():
        raise DoesNotExist(f"There are no artifacts to download in {artifact_uri or f'run {run_id}'}.")
    folder = None if dst_path is None else str(dst_path)
    size = sum(file.file_size or 0 for file in transfers.walk(repository, path))
    with progress("Downloading", size) as advance:
        click.echo(transfers.download_artifacts(repository, path, folder, advance))


def _require_one(run_id: str | None, artifact_path: str | None, artifact_uri: str | None) -> None:
    if (run_id is None) == (artifact_uri is None):
        raise click.UsageError("Give either --run-id or --artifact-uri.")
    if artifact_uri is not None and artifact_path is not None:
        raise click.UsageError("--artifact-path goes with --run-id; put the path into --artifact-uri.")
