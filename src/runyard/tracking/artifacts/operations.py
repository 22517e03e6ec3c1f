"""Operations on artifacts. The database has their location; the store is read after the transaction."""

from urllib.parse import urlsplit

import sqlalchemy as sa

from runyard.artifacts.addresses import PROXY_SCHEME
from runyard.artifacts.locations import open_location
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.schemes.s3 import S3Repository
from runyard.db.transaction import Transaction
from runyard.exceptions import InvalidParameter, NotImplementedHere
from runyard.gate.performers import Later, performs
from runyard.protocol.answer import Wire
from runyard.tracking.artifacts.messages import CreatePresignedDownloadUrl, CreatePresignedUploadUrl, ListArtifacts
from runyard.tracking.logged_models.messages import ListLoggedModelArtifacts
from runyard.tracking.logged_models.operations import find_logged_model
from runyard.tracking.runs.rows import find_run
from runyard.tracking.runs.tables import runs


@performs(ListArtifacts)
def list_artifacts(tx: Transaction, message: ListArtifacts) -> Later:
    """List one level; paths are relative to the run's own root."""
    return _listed_later(tx, _location_of_run(tx, message.wanted_id), message.path)


@performs(ListLoggedModelArtifacts)
def list_logged_model_artifacts(tx: Transaction, message: ListLoggedModelArtifacts) -> Later:
    """List one level; paths are relative to the model's own root."""
    location = find_logged_model(tx, message.model_id).artifact_location
    return _listed_later(tx, location, message.artifact_directory_path)


@performs(CreatePresignedUploadUrl)
def create_presigned_upload_url(tx: Transaction, message: CreatePresignedUploadUrl) -> Later:
    """Sign an address to send an artifact to."""
    if message.run_id:
        location = _location_of_run(tx, message.run_id)
    else:
        location = find_logged_model(tx, message.model_id or "").artifact_location
    repository, root = _signing_repository(tx, location, "upload")
    path = joined(root, safe_path(message.path))

    def sign() -> Wire:
        return {"presigned_url": repository.signed("put_object", path, message.expiration), "headers": {}}

    return Later(sign)


@performs(CreatePresignedDownloadUrl)
def create_presigned_download_url(tx: Transaction, message: CreatePresignedDownloadUrl) -> Later:
    """Sign an address to read an existing artifact from."""
    repository, root = _signing_repository(tx, _location_of_run(tx, message.run_id), "download")
    path = joined(root, safe_path(message.path))

    def sign() -> Wire:
        size = repository.size(path)
        address = repository.signed("get_object", path, message.expiration)
        return {"presigned_url": address, "headers": {}, "file_size": size}

    return Later(sign)


def _listed_later(tx: Transaction, location: str, path: str | None) -> Later:
    """List one level below a location; paths are relative to the location."""
    checked = safe_path(path)
    repository, root = open_location(location, tx.settings.artifact_places)

    def look() -> Wire:
        files = [info.to_wire() for info in repository.list(joined(root, checked))]
        for file in files:
            file["path"] = file["path"][len(root) + 1 :] if root else file["path"]
        return {"root_uri": location, **({"files": files} if files else {})}

    return Later(look)


def _location_of_run(tx: Transaction, run_id: str) -> str:
    run = find_run(tx, run_id)
    return str(tx.scalar(sa.select(runs.c.artifact_uri).where(runs.c.id == run.id)))


def _signing_repository(tx: Transaction, location: str, action: str) -> tuple[S3Repository, str]:
    """The repository of a location that clients may be sent to, and the location's path in it."""
    if urlsplit(location).scheme in (PROXY_SCHEME, "http", "https"):
        raise InvalidParameter(
            f"An address for a direct {action} cannot be signed: these artifacts are transferred through the server. "
            "Use the server's own artifact routes."
        )
    repository, root = open_location(location, tx.settings.artifact_places)
    if not isinstance(repository, S3Repository):
        raise NotImplementedHere(f"An address for a direct {action} needs artifacts in S3; these are in a folder.")
    return repository, root
