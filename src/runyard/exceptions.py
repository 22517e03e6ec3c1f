"""Every deliberate error, with its HTTP status and its code on the wire. Standard library only.

    RunyardException, also called MlflowException
    ├── InvalidParameter      400  INVALID_PARAMETER_VALUE
    ├── BadRequest            400  BAD_REQUEST
    ├── AlreadyExists         400  RESOURCE_ALREADY_EXISTS
    ├── DoesNotExist          404  RESOURCE_DOES_NOT_EXIST
    ├── EndpointNotFound      404  ENDPOINT_NOT_FOUND
    ├── MethodNotAllowed      405  BAD_REQUEST
    ├── Unauthenticated       401  UNAUTHENTICATED
    ├── PermissionDenied      403  PERMISSION_DENIED
    ├── Conflict              409  RESOURCE_CONFLICT
    ├── ChangedMeanwhile      412  RESOURCE_CONFLICT
    ├── PayloadTooLarge       413  BAD_REQUEST
    ├── UnsupportedMediaType  415  INVALID_PARAMETER_VALUE
    ├── RangeNotSatisfiable   416  INVALID_PARAMETER_VALUE
    ├── TooSlow               422  DEADLINE_EXCEEDED
    ├── NotImplementedHere    501  NOT_IMPLEMENTED
    ├── StorageFull           507  RESOURCE_EXHAUSTED
    ├── Unavailable           503  TEMPORARILY_UNAVAILABLE
    ├── RestException              what a store answered; by `answered`, of the class of its code too
    ├── ExecutionException         a project that cannot be run, or whose run failed
    │   └── InvalidProject    400  INVALID_PARAMETER_VALUE
    └── MissingPackage             an optional package is not installed; a ModuleNotFoundError too

Raise a class of the list, with a message that names the thing, the value and the next step.
"""

import json
from typing import Any, ClassVar

_STATUS_OF_CODE = {
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "CUSTOMER_UNAUTHORIZED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "NOT_FOUND": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL_ERROR": 500,
    "INVALID_STATE": 500,
    "DATA_LOSS": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class RunyardException(Exception):  # noqa: N818  (the name mirrors MlflowException, which scripts catch)
    """Base of every error Runyard raises on purpose.

    Parameters
    ----------
    message: What was wrong, with which value, and what to do.
    error_code: Name of the error on the wire, such as ``INVALID_PARAMETER_VALUE``. Unknown names count as
        ``INTERNAL_ERROR``; numbers and enum members are taken by their name.
    kwargs: Further fields of the JSON envelope.
    """

    error_code: str = "INTERNAL_ERROR"
    http_status: int = 500

    def __init__(self, message: object, error_code: Any = None, **kwargs: Any) -> None:
        self.message = str(message)
        self.json_kwargs = kwargs
        if error_code is not None:
            self.error_code = str(getattr(error_code, "name", error_code))
            self.http_status = _STATUS_OF_CODE.get(self.error_code, 500)
        super().__init__(self.message)

    @classmethod
    def invalid_parameter_value(cls, message: object, **kwargs: Any) -> "RunyardException":
        """An error with code ``INVALID_PARAMETER_VALUE``."""
        return cls(message, "INVALID_PARAMETER_VALUE", **kwargs)

    def get_http_status_code(self) -> int:
        """The HTTP status that goes with the error's code."""
        return self.http_status

    def to_wire(self) -> dict[str, Any]:
        """The error envelope of the REST API."""
        return {"error_code": self.error_code, "message": self.message, **self.json_kwargs}

    def serialize_as_json(self) -> str:
        """The error envelope as JSON text."""
        return json.dumps(self.to_wire())

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self.message), vars(self)


def _rebuild(kind: type[RunyardException], message: str) -> Exception:
    """Unpickle an error, whatever arguments its class takes; its attributes follow."""
    error = kind.__new__(kind)
    RunyardException.__init__(error, message)
    return error


class _Coded(RunyardException):
    """An error whose class fixes its code."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: object, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.error_code, self.http_status = self.code, self.status


class InvalidParameter(_Coded):
    """A value that breaks a rule of the protocol."""

    code, status = "INVALID_PARAMETER_VALUE", 400


class BadRequest(_Coded):
    """A request that cannot be understood at all."""

    code, status = "BAD_REQUEST", 400


class AlreadyExists(_Coded):
    """A name that is taken."""

    code, status = "RESOURCE_ALREADY_EXISTS", 400


class DoesNotExist(_Coded):
    """Something that does not exist."""

    code, status = "RESOURCE_DOES_NOT_EXIST", 404


class EndpointNotFound(_Coded):
    """A route this server does not have."""

    code, status = "ENDPOINT_NOT_FOUND", 404


class MethodNotAllowed(_Coded):
    """A route called with the wrong HTTP method."""

    code, status = "BAD_REQUEST", 405


class Unauthenticated(_Coded):
    """Credentials are missing or wrong."""

    code, status = "UNAUTHENTICATED", 401


class PermissionDenied(_Coded):
    """The caller may not do this."""

    code, status = "PERMISSION_DENIED", 403


class Conflict(_Coded):
    """The current state does not allow this."""

    code, status = "RESOURCE_CONFLICT", 409


class ChangedMeanwhile(_Coded):
    """A file that changed after the caller read it.

    Attributes
    ----------
    unsure: It may have been changed by an earlier attempt of the same write, whose answer was lost.
    """

    code, status = "RESOURCE_CONFLICT", 412
    unsure = False


class PayloadTooLarge(_Coded):
    """A body over the limit."""

    code, status = "BAD_REQUEST", 413


class UnsupportedMediaType(_Coded):
    """A body in a format this route does not take."""

    code, status = "INVALID_PARAMETER_VALUE", 415


class RangeNotSatisfiable(_Coded):
    """A byte range outside of the file."""

    code, status = "INVALID_PARAMETER_VALUE", 416


class TooSlow(_Coded):
    """A question that takes longer to answer than the server allows.

    Its status is not 504, which clients retry: asked again, it would take as long again.
    """

    code, status = "DEADLINE_EXCEEDED", 422


class NotImplementedHere(_Coded):
    """A part of the protocol that this store cannot offer."""

    code, status = "NOT_IMPLEMENTED", 501


class StorageFull(_Coded):
    """No disk space left for a write."""

    code, status = "RESOURCE_EXHAUSTED", 507


class Unavailable(_Coded):
    """Cannot be served now; the same request may work later."""

    code, status = "TEMPORARILY_UNAVAILABLE", 503

    def __init__(self, message: object, retry_after: int = 1, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class RestException(RunyardException):
    """An error that a store answered with, rebuilt from its JSON envelope.

    Its text begins with the code, which scripts look for; `message` is what was said.
    """

    def __init__(self, json: dict[str, Any]) -> None:
        self.json = json
        code = str(json.get("error_code", "INTERNAL_ERROR"))
        extra = {key: value for key, value in json.items() if key not in ("error_code", "message")}
        text = json.get("message") or f"The server gave no message. Its answer: {json}"
        RunyardException.__init__(self, text, code, **extra)  # the class of a code fixes its own code

    def __str__(self) -> str:
        return f"{self.error_code}: {self.message}"


def answered(envelope: dict[str, Any], status: int) -> RestException:
    """The error of an envelope, of the class of its code too: callers catch alike with and without a server."""
    code = str(envelope.get("error_code", "INTERNAL_ERROR"))
    kinds = [kind for kind in _ANSWERS if kind.code == code]
    kind = next((kind for kind in kinds if kind.status == status), kinds[0] if kinds else None)
    error = _ANSWERS[kind](envelope) if kind else RestException(envelope)
    error.http_status = status
    return error


def _reduced(error: RestException) -> Any:
    return answered, (error.json, error.http_status)


_ANSWERS: dict[type[_Coded], type[RestException]] = {
    kind: type(kind.__name__, (RestException, kind), {"__doc__": kind.__doc__, "__reduce__": _reduced})
    for kind in (
        InvalidParameter,
        BadRequest,
        AlreadyExists,
        DoesNotExist,
        EndpointNotFound,
        MethodNotAllowed,
        Unauthenticated,
        PermissionDenied,
        Conflict,
        PayloadTooLarge,
        UnsupportedMediaType,
        RangeNotSatisfiable,
        TooSlow,
        NotImplementedHere,
    )
}
"""What a store's answer becomes, by the class that has its code."""


class ExecutionException(RunyardException):
    """A project that cannot be run, or whose run failed."""


class InvalidProject(ExecutionException):
    """A project or its arguments break a rule of the format. Nothing was run."""

    error_code, http_status = "INVALID_PARAMETER_VALUE", 400


class MissingPackage(RunyardException, ModuleNotFoundError):  # noqa: N818  (named for the situation, as all here)
    """An optional package is needed and not installed.

    Parameters
    ----------
    package: Its name for pip.
    extra: The extra of ours that installs it, if one does.
    purpose: What needs it, as the beginning of a sentence.
    module: The module that was to be imported, where its name is another one.
    """

    def __init__(self, package: str, extra: str | None, purpose: str, module: str | None = None) -> None:
        wanted = f"'runyard[{extra}]'" if extra else package
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. Install it with: pip install {wanted}"
        )
        self.name = module or package


MlflowException = RunyardException
