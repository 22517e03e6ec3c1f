"""boto3's client for S3, or for a store that speaks its protocol, and its errors as ours.

The endpoint and the credentials come from the environment only, never from a location.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from runyard import settings
from runyard.artifacts.paths import safe_path
from runyard.core.credentials import shown_address
from runyard.core.libraries import lazy
from runyard.exceptions import (
    ChangedMeanwhile,
    DoesNotExist,
    InvalidParameter,
    MissingPackage,
    PermissionDenied,
    RunyardException,
    Unavailable,
)

S3_SCHEME = "s3"
CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 60, 3
MAX_SIGNED = 7 * 24 * 3600
"""Maximum number of seconds that a signed address is valid; the protocol's limit."""

_WRONG_PARTS = frozenset(("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"))
_OVERTAKEN = frozenset(("PreconditionFailed", "ConditionalRequestConflict", "412"))
_MISSING = frozenset(("NoSuchKey", "NoSuchUpload", "NotFound", "404"))
_DENIED = frozenset("AccessDenied InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken 401 403".split())
_OF_PARTS = frozenset(
    "ChecksumAlgorithm ExpectedBucketOwner RequestPayer SSECustomerAlgorithm SSECustomerKey SSECustomerKeyMD5".split()
)
_MAKING = threading.Lock()

boto3, boto_config, boto_errors = lazy("boto3"), lazy("botocore.config"), lazy("botocore.exceptions")


def bucket_and_prefix(uri: str) -> tuple[str, str]:
    """The bucket that a URI names, and what the keys of its place begin with.

    Raises
    ------
    InvalidParameter: It is not of the form ``s3://bucket/prefix``.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, path = rest.partition("/")
    if scheme.lower() != S3_SCHEME or not bucket or {*"@:?#"} & {*bucket}:
        raise InvalidParameter(f"{shown_address(uri)!r} names no place in S3. Write s3://bucket/prefix.")
    return bucket, safe_path(path.strip("/"))


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
    InvalidParameter: The setting is not a JSON object.
    """
    text = settings.S3_UPLOAD_EXTRA_ARGS.get()
    try:
        extra = json.loads(text) if text else {}
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise InvalidParameter('MLFLOW_S3_UPLOAD_EXTRA_ARGS is not a JSON object such as {"ACL": "private"}.')
    return extra


def part_arguments() -> dict[str, Any]:
    """What of it is sent with every part of an upload."""
    return {name: value for name, value in upload_arguments().items() if name in _OF_PARTS}


def require_boto3() -> None:
    """Check that boto3 is installed, without loading it.

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
    config = boto_config.Config(
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
def explained(bucket: str, path: str) -> Iterator[None]:
    """Convert boto3's errors to ours, without their text, which may hold keys and signed addresses."""
    try:
        yield
    except RunyardException:
        raise
    except (boto_errors.NoCredentialsError, boto_errors.PartialCredentialsError):
        raise PermissionDenied(
            f"No credentials for the bucket {bucket!r} were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from None
    except boto_errors.ClientError as problem:
        raise _refused(problem.response, bucket, path) from None
    except boto_errors.BotoCoreError as problem:
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
