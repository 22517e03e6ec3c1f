"""``mlflow.models.utils``: examples of inputs, as flavors of other packages save and read them."""

from pathlib import Path
from typing import Any

from runyard.models.example import (
    EXAMPLE,
    SERVING_EXAMPLE,
    load_example,
    load_example_params,
    parted,
    save_example,
)
from runyard.models.loading import local_folder
from runyard.models.mlmodel import MLmodel
from runyard.models.signature import ModelSignature, infer_signature

__all__ = ["EXAMPLE_FILENAME", "SERVING_INPUT_FILENAME", "ModelInputExample", "PyFuncInput", "PyFuncOutput"]

EXAMPLE_FILENAME, SERVING_INPUT_FILENAME = EXAMPLE, SERVING_EXAMPLE
ModelInputExample = PyFuncInput = PyFuncOutput = Any
"""What examples, inputs and outputs of models may be."""


class _Example:
    """An example of an input, with its parameters.

    Attributes
    ----------
    inference_data: What ``predict`` gets.
    inference_params: The parameters beside it, or None.
    info: What MLmodel says of it once it is saved.
    """

    def __init__(self, input_example: Any) -> None:
        self._given = input_example
        self.inference_data, self.inference_params = parted(input_example)
        self.info: dict[str, str] | None = None

    def save(self, parent_dir_path: str) -> None:
        """Write it into a model's folder.

        Raises
        ------
        InvalidParameter: JSON cannot hold it.
        """
        self.info = save_example(self._given, Path(parent_dir_path))


def _save_example(mlflow_model: MLmodel, input_example: Any, path: str) -> _Example | None:
    """Write an example into a model's folder, and name it in the model's description; None without one."""
    if input_example is None:
        return None
    example = _Example(input_example)
    example.save(path)
    mlflow_model.saved_input_example_info = example.info
    return example


def _read_example(mlflow_model: MLmodel, uri_or_path: str) -> Any:
    """The example that was saved with a model; None when there is none."""
    info = mlflow_model.saved_input_example_info
    return load_example(local_folder(uri_or_path), info, mlflow_model.get_input_schema()) if info else None


def _read_example_params(mlflow_model: MLmodel, uri_or_path: str) -> dict[str, Any] | None:
    """The parameters that were saved with a model's example; None when there are none."""
    return load_example_params(local_folder(uri_or_path), mlflow_model.saved_input_example_info or {})


def _infer_signature_from_input_example(
    input_example: Any, wrapped_model: Any, no_conversion: bool = False
) -> ModelSignature | None:
    """The signature that an example tells, with what the model predicts for it; None without one."""
    if input_example is None:
        return None
    example = input_example if isinstance(input_example, _Example) else _Example(input_example)
    given = [] if example.inference_params is None else [example.inference_params]
    outputs = wrapped_model.predict(example.inference_data, *given)
    return infer_signature(example.inference_data, outputs, example.inference_params)
