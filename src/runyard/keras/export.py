"""Exporting a model of Keras as a SavedModel of TensorFlow."""

from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.keras.signatures import structure
from runyard.models.signature import ModelSignature
from runyard.types.schema import TensorSpec


def exported(model: Any, path: Path, signature: ModelSignature | bool | None) -> None:
    """Write the model's graph to a folder, with its inputs as a signature says them.

    Parameters
    ----------
    signature: That of a model with a single input; one with several tells them itself.

    Raises
    ------
    InvalidParameter: It has no graph, or none for these inputs.
    """
    required("tensorflow", "Exporting models of Keras")
    keras = required("keras", "Exporting models of Keras")
    archive = keras.export.ExportArchive()
    try:
        archive.track(model)
        archive.add_endpoint("serve", model.call, [_inputs(model, signature, keras)])
        archive.write_out(str(path))
    except Exception as problem:  # layers are anyone's code
        raise InvalidParameter(f"The model cannot be exported: {type(problem).__name__}: {problem}") from problem


def _inputs(model: Any, signature: ModelSignature | bool | None, keras: Any) -> Any:
    specs = signature.inputs.inputs if isinstance(signature, ModelSignature) and signature.inputs else []
    if len(specs) == 1 and isinstance(specs[0], TensorSpec):
        return keras.InputSpec(
            shape=[None if size == -1 else size for size in specs[0].shape], dtype=specs[0].type.name
        )
    return keras.tree.map_structure(
        lambda one: keras.InputSpec(shape=one.shape, dtype=one.dtype), structure(model, "input")
    )
