"""Messages of the artifacts of a run, or of a logged model."""

from dataclasses import field

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import safe_path
from runyard.artifacts.schemes.s3_client import MAX_SIGNED
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.tracking.runs.messages import OfRun


class ArtifactsFound(Answer):
    """The direct contents of a folder of artifacts; paths are relative to the listed root."""

    root_uri: str
    files: list[FileInfo] = field(default_factory=list)
    next_page_token: str | None = None


class PresignedUpload(Answer):
    """An address to send a file to, and the headers to send with it."""

    presigned_url: str
    headers: dict[str, str]


class PresignedDownload(Answer):
    """An address to read a file from, the headers to send, and its size in bytes."""

    presigned_url: str
    headers: dict[str, str]
    file_size: int


class ListArtifacts(OfRun, Message[ArtifactsFound], get="artifacts/list", needs="run.read"):
    """The direct contents of a folder of a run's artifacts."""

    path: str | None = None
    page_token: str | None = None


class CreatePresignedUploadUrl(
    Message[PresignedUpload], post="artifacts/presigned-upload-url", kind="read", needs="run.edit"
):
    """An address to send one artifact to, straight to the store that a run or logged model keeps them in.

    Attributes
    ----------
    run_id: The artifact's run; this or `model_id`.
    path: Below the run's or model's own root.
    expiration: Seconds that the address is valid.
    """

    run_id: str | None = None
    model_id: str | None = None
    path: str
    expiration: int = 900

    def check(self) -> None:
        if bool(self.run_id) == bool(self.model_id):
            raise InvalidParameter("Exactly one of run_id and model_id must be given.")
        _require_file(self.path)
        _require_seconds(self.expiration)


class CreatePresignedDownloadUrl(
    Message[PresignedDownload], post="artifacts/presigned-download-url", kind="read", needs="run.read"
):
    """An address to read one artifact of a run from, straight from the store that the run keeps them in."""

    run_id: str
    path: str
    expiration: int = 300

    def check(self) -> None:
        _require_file(self.path)
        _require_seconds(self.expiration)


def _require_file(path: str) -> None:
    if not safe_path(path):
        raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")


def _require_seconds(seconds: int) -> None:
    if not 1 <= seconds <= MAX_SIGNED:
        raise InvalidParameter(f"Invalid value {seconds} for 'expiration': give 1 to {MAX_SIGNED} seconds.")
