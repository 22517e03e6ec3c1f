"""What datasets of tables share: columns that are to be predicted, and what a model is given of them."""

from dataclasses import dataclass
from typing import Any

from runyard.exceptions import InvalidParameter


@dataclass
class PyFuncInputsOutputs:
    """What a model is given, and what it is to answer.

    Attributes
    ----------
    inputs: The features.
    outputs: The targets, or None.
    """

    inputs: Any
    outputs: Any = None


def require_columns(columns: list[Any], **roles: str | None) -> None:
    """Refuse names of columns that are not there.

    Raises
    ------
    InvalidParameter: One is not; names it, its role and the columns.
    """
    for role, column in roles.items():
        if column is not None and column not in columns:
            raise InvalidParameter(f"There is no column {column!r} to take as {role}, only {columns}.")
