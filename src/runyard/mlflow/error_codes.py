"""``mlflow.protos.databricks_pb2``: the codes of errors, which are texts here."""

ABORTED = "ABORTED"
ALREADY_EXISTS = "ALREADY_EXISTS"
BAD_REQUEST = "BAD_REQUEST"
CANCELLED = "CANCELLED"
CUSTOMER_UNAUTHORIZED = "CUSTOMER_UNAUTHORIZED"
DATA_LOSS = "DATA_LOSS"
DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
ENDPOINT_NOT_FOUND = "ENDPOINT_NOT_FOUND"
FEATURE_DISABLED = "FEATURE_DISABLED"
INTERNAL_ERROR = "INTERNAL_ERROR"
INVALID_PARAMETER_VALUE = "INVALID_PARAMETER_VALUE"
INVALID_STATE = "INVALID_STATE"
NOT_FOUND = "NOT_FOUND"
NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
PERMISSION_DENIED = "PERMISSION_DENIED"
REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
RESOURCE_ALREADY_EXISTS = "RESOURCE_ALREADY_EXISTS"
RESOURCE_CONFLICT = "RESOURCE_CONFLICT"
RESOURCE_DOES_NOT_EXIST = "RESOURCE_DOES_NOT_EXIST"
RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
UNAUTHENTICATED = "UNAUTHENTICATED"


class ErrorCode:
    """Gives codes by their names, and names of codes; they are the same."""

    @staticmethod
    def Name(number: str) -> str:  # noqa: N802  (protobuf's name)
        """The name of a code."""
        return number

    @staticmethod
    def Value(name: str) -> str:  # noqa: N802  (protobuf's name)
        """The code of a name.

        Raises
        ------
        ValueError: There is none.
        """
        found = globals().get(name) if name.isupper() else None
        if found is None:
            raise ValueError(f"There is no error code {name!r}.")
        return str(found)
