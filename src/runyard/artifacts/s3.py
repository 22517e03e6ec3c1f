"""A bucket of S3, or of a store that speaks its protocol, through boto3: where it is, and its errors in our words.

The endpoint and the credentials come from the environment only, never from a location somebody wrote down.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from runyard import settings
from runyard.artifacts.changing import ABSENT
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import joined, safe_path
from runyard.core.credentials import shown_address
from runyard.exceptions import (
    ChangedMeanwhile,
    DoesNotExist,
    InvalidParameter,
    MissingPackage,
    PermissionDenied,
    Unavailable,
)

S3_SCHEME = "s3"
CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 60, 3
MOST_DELETED = 1000
"""Objects one request may delete; the protocol's limit."""

LONGEST_SIGNED = 7 * 24 * 3600
"""Seconds a signed address can be used at most; the protocol's limit."""

_WRONG_PARTS = frozenset(("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"))
_OVERTAKEN = frozenset(("PreconditionFailed", "ConditionalRequestConflict", "412"))
_MISSING = frozenset(("NoSuchKey", "NoSuchUpload", "NotFound", "404"))
_DENIED = frozenset("AccessDenied InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken 401 403".split())
_MAKING = threading.Lock()


@dataclass(frozen=True)
class Bucket:
    """A place in a bucket.

    Attributes
    ----------
    name: The bucket's.
    prefix: What all keys of the place begin with, without a slash at its ends; empty for the whole bucket.
    """

    name: str
    prefix: str

    @classmethod
    def at(cls, uri: str) -> "Bucket":
        """The place a URI names.

        Raises
        ------
        InvalidParameter: It is not of the form ``s3://bucket/prefix``.
        """
        scheme, _, rest = uri.partition("://")
        name, _, path = rest.partition("/")
        if scheme.lower() != S3_SCHEME or not name or {*"@:?#"} & {*name}:
            raise InvalidParameter(f"{shown_address(uri)!r} names no place in S3. Write s3://bucket/prefix.")
        return cls(name, safe_path(path.strip("/")))

    @property
    def client(self) -> Any:
        """boto3's client, set up by the environment."""
        return client_for(settings.S3_ENDPOINT_URL.get())

    def below(self, path: str) -> "Bucket":
        """A folder of this place."""
        return Bucket(self.name, self.key(safe_path(path)))

    def key(self, path: str) -> str:
        """The key of a checked path."""
        return joined(self.prefix, path)

    def list(self, path: str) -> list[FileInfo]:
        """What lies directly in a folder, by name, however much it is; nothing for a file or a missing folder."""
        folder = self.key(path)
        below = f"{folder}/" if folder else ""
        found: list[tuple[str, bool, int | None]] = []
        with explained_s3(self.name, path):
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.name, Prefix=below, Delimiter="/"):
                for entry in page.get("CommonPrefixes", ()):
                    found.append((entry["Prefix"][len(below) : -1], True, None))
                for entry in page.get("Contents", ()):
                    found.append((entry["Key"][len(below) :], False, int(entry["Size"])))
        infos = [FileInfo(joined(path, name), is_dir, size) for name, is_dir, size in found if _can_be_named(name)]
        return sorted(infos, key=lambda info: info.path)

    def holds(self, path: str) -> bool:
        """Is there an object below this path?"""
        with explained_s3(self.name, path):
            answer = self.client.list_objects_v2(Bucket=self.name, Prefix=f"{self.key(path)}/", MaxKeys=1)
        return bool(answer.get("Contents"))

    def facts(self, path: str) -> dict[str, Any]:
        """What the store knows of an object: ``ContentLength`` in bytes, ``ETag`` and more.

        Raises
        ------
        DoesNotExist: It is not there.
        """
        with explained_s3(self.name, path):
            return dict(self.client.head_object(Bucket=self.name, Key=self.key(path)))

    def body(self, path: str, start: int = 0, tag: str | None = None) -> Any:
        """The content of an object from a byte on, as boto3's stream.

        Parameters
        ----------
        tag: Refuse when the object is not the one of this tag any more.
        """
        more = {"IfMatch": tag} if tag else {}
        if start:  # without a range an empty object can be read too
            more["Range"] = f"bytes={start}-"
        return self.found(path, **more)["Body"]

    def found(self, path: str, **more: Any) -> dict[str, Any]:
        """An object with its ``ETag`` and, as a stream, its ``Body``."""
        with explained_s3(self.name, path):
            return dict(self.client.get_object(Bucket=self.name, Key=self.key(path), **more))

    def put(self, path: str, content: bytes, expected: str | None = None) -> None:
        """Store an object.

        Parameters
        ----------
        expected: The tag that the object must still have, without quotation marks; `ABSENT` if there must be none.

        Raises
        ------
        ChangedMeanwhile: It is not so; nothing is stored.
        """
        where = {"Bucket": self.name, "Key": self.key(path), **_condition(expected)}
        try:
            with explained_s3(self.name, path):
                self.client.put_object(Body=content, **where, **upload_arguments())
        except ChangedMeanwhile as problem:
            if not problem.unsure or self._content(path) != content:
                raise

    def _content(self, path: str) -> bytes:
        with explained_s3(self.name, path), self.body(path) as body:
            return bytes(body.read())

    def begin(self, path: str) -> str:
        """Begin to write an object in parts; returns the upload's id."""
        with explained_s3(self.name, path):
            answer = self.client.create_multipart_upload(Bucket=self.name, Key=self.key(path), **upload_arguments())
        return str(answer["UploadId"])

    def complete(
        self, path: str, upload_id: str, parts: Sequence[Mapping[str, Any]], expected: str | None = None
    ) -> None:
        """Put an object written in parts in its place: ``{"PartNumber": 1, "ETag": …}``, in the order of their numbers.

        Raises
        ------
        DoesNotExist: There is no such upload, or it was ended.
        InvalidParameter: A part is missing, too small or not the one that was sent.
        ChangedMeanwhile: The object there has not the expected tag.
        """
        where = {"Bucket": self.name, "Key": self.key(path), "UploadId": upload_id, **_condition(expected)}
        with explained_s3(self.name, path):
            self.client.complete_multipart_upload(MultipartUpload={"Parts": list(parts)}, **where)

    def abort(self, path: str, upload_id: str) -> None:
        """Forget the parts of an upload. One that was ended is forgotten already."""
        where = {"Bucket": self.name, "Key": self.key(path), "UploadId": upload_id}
        with suppress(DoesNotExist), explained_s3(self.name, path):
            self.client.abort_multipart_upload(**where)

    def signed(self, operation: str, path: str, seconds: int, **more: Any) -> str:
        """An address with which anybody may do one thing to one object for some time. The store is not asked.

        Parameters
        ----------
        operation: ``get_object``, ``put_object`` or ``upload_part``.
        seconds: How long it can be used, at most `LONGEST_SIGNED`.
        more: Further arguments of the operation.
        """
        endpoint = settings.S3_PUBLIC_ENDPOINT_URL.get() or settings.S3_ENDPOINT_URL.get()
        parameters = {"Bucket": self.name, "Key": self.key(path), **more}
        with explained_s3(self.name, path):
            return str(client_for(endpoint).generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds))

    def delete(self, path: str) -> None:
        """Remove the object at a path and all below it. What is not there is removed already.

        Raises
        ------
        InvalidParameter: That would be the whole bucket.
        """
        key = self.key(path)
        if not key:
            raise InvalidParameter(f"The whole bucket {self.name!r} is not deleted. Name what is in it.")
        with explained_s3(self.name, path):
            self.client.delete_object(Bucket=self.name, Key=key)
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=f"{key}/")
            keys = [{"Key": entry["Key"]} for page in pages for entry in page.get("Contents", ())]
            for start in range(0, len(keys), MOST_DELETED):
                doomed = {"Objects": keys[start : start + MOST_DELETED], "Quiet": True}
                self._require_deleted(self.client.delete_objects(Bucket=self.name, Delete=doomed))

    def _require_deleted(self, answer: dict[str, Any]) -> None:
        for failure in answer.get("Errors", ()):
            raise PermissionDenied(
                f"The bucket {self.name!r} kept {failure.get('Key')!r}, which was to be deleted "
                f"({failure.get('Code')})."
            )


def _condition(expected: str | None) -> dict[str, str]:
    if expected is None:
        return {}
    return {"IfNoneMatch": "*"} if expected == ABSENT else {"IfMatch": f'"{expected}"'}


def client_for(endpoint: str | None) -> Any:
    """boto3's client for a store's address, set up by the environment; Amazon's own without an address."""
    with _MAKING:
        return _client(
            os.getpid(),
            tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))),
            endpoint,
            settings.S3_IGNORE_TLS.get(),
            settings.BOTO_CLIENT_ADDRESSING_STYLE.get(),
        )


def upload_arguments() -> dict[str, Any]:
    """What is sent with every upload, such as the encryption to use.

    Raises
    ------
    InvalidParameter: The setting is no JSON object.
    """
    text = settings.S3_UPLOAD_EXTRA_ARGS.get()
    try:
        extra = json.loads(text) if text else {}
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise InvalidParameter('MLFLOW_S3_UPLOAD_EXTRA_ARGS is no JSON object such as {"ACL": "private"}.')
    return extra


def require_boto3() -> None:
    """See that boto3 is installed, without loading it.

    Raises
    ------
    MissingPackage: It is not.
    """
    if find_spec("boto3") is None:
        raise MissingPackage("boto3", "s3", "Keeping artifacts in S3")


@lru_cache(maxsize=8)
def _client(
    _process_id: int, _environment: tuple[tuple[str, str], ...], endpoint: str | None, ignore_tls: bool, style: str
) -> Any:
    """The arguments that are not used tell apart the processes and the credentials that a client belongs to."""
    require_boto3()
    import boto3  # noqa: PLC0415  (optional, and slow to load)
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        signature_version="s3v4",  # older ones, which some endpoints would get, are not signed for a region
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"max_attempts": TRIES, "mode": "standard"},
        max_pool_connections=32,
        s3={"addressing_style": style},
        request_checksum_calculation="when_required",  # stores other than Amazon's may not know the newer ones
        response_checksum_validation="when_required",
    )
    verify = {"verify": False} if ignore_tls else {}
    return boto3.session.Session().client("s3", endpoint_url=endpoint or None, config=config, **verify)


@contextmanager
def explained_s3(bucket: str, path: str) -> Iterator[None]:
    """Turn boto3's errors into ours. Their own text is not repeated: it may hold keys and signed addresses."""
    from botocore.exceptions import (  # noqa: PLC0415  (optional, and slow to load)
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
    )

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError):
        raise PermissionDenied(
            f"No credentials for the bucket {bucket!r} were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from None
    except ClientError as problem:
        raise _refused(problem.response, bucket, path) from None
    except BotoCoreError as problem:
        raise Unavailable(
            f"The store of the bucket {bucket!r} did not answer ({type(problem).__name__}). Check that it runs, and "
            "the endpoint in MLFLOW_S3_ENDPOINT_URL."
        ) from None


def _refused(response: dict[str, Any], bucket: str, path: str) -> Exception:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket":
        return DoesNotExist(f"There is no bucket {bucket!r}. Create it, or correct the artifact location.")
    if code in _OVERTAKEN or status == 412:
        changed = ChangedMeanwhile(f"{path!r} was changed meanwhile; nothing was stored. Read it again.")
        changed.unsure = bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))
        return changed
    if code in _MISSING or status == 404:
        return DoesNotExist(f"No artifact {path!r} is stored in the bucket {bucket!r}.")
    if code in _WRONG_PARTS:
        return InvalidParameter(
            f"The parts of {path!r} cannot be put together ({code}). Send them and their tags again."
        )
    if code in _DENIED or status in (401, 403):
        return PermissionDenied(
            f"The bucket {bucket!r} refused access to {path!r}. Check the credentials and its policy."
        )
    return Unavailable(f"The store of the bucket {bucket!r} could not do this now ({code or status}). Try again.")


def _can_be_named(name: str) -> bool:
    """Empty names are the marks that some programs put for folders; others no path of ours can name."""
    try:
        return bool(name) and "/" not in safe_path(name)
    except InvalidParameter:
        return False
