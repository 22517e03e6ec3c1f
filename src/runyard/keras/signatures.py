"""Signatures of Keras models."""

from typing import Any

from runyard.core.libraries import np
from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.types.schema import Schema, TensorSpec


def check_signature(signature: ModelSignature | bool | None) -> None:
    """Check that a model of tensors can have this signature.

    Raises
    ------
    InvalidParameter: It has no inputs, or a tensor whose number of rows is fixed.
    """
    if not isinstance(signature, ModelSignature):
        return
    if signature.inputs is None or not signature.inputs.inputs:
        raise InvalidParameter("The signature of this model needs at least one input.")
    for spec in signature.inputs.inputs:
        if isinstance(spec, TensorSpec) and spec.shape[:1] != (-1,):
            raise InvalidParameter(
                f"The first dimension of an input is its number of rows, which is open: write -1 there, not "
                f"{spec.shape}."
            )


def signature_of(model: Any) -> ModelSignature:
    """The signature that a model of Keras tells of itself.

    Raises
    ------
    InvalidParameter: It has not been built, or its inputs differ in their number of rows.
    """
    try:
        taken, given = structure(model, "input"), structure(model, "output")
        inputs, outputs = _specs(taken, named=len(model.inputs) > 1), _specs(given, named=False)
    except (AttributeError, ValueError, TypeError) as problem:
        raise InvalidParameter(f"This model does not tell its inputs and outputs: {problem}") from None
    if isinstance(given, dict) or len(outputs) > 1:
        outputs = [
            TensorSpec(one.type, one.shape, name) for name, one in zip(output_names(model), outputs, strict=True)
        ]
    return ModelSignature(Schema(inputs), Schema(outputs))


def structure(model: Any, side: str) -> Any:
    """The tensors of a model as it takes or gives them: one, or a list or dictionary of them.

    Parameters
    ----------
    side: ``"input"`` or ``"output"``.

    Raises
    ------
    AttributeError, ValueError: It does not tell them.
    """
    try:
        return getattr(model, side)
    except (AttributeError, ValueError):  # a Sequential that was never called as a layer
        tensors = getattr(model, f"{side}s")
        return tensors[0] if len(tensors) == 1 else list(tensors)


def output_names(model: Any) -> list[str]:
    """What the outputs of a model are called, in the order in which it gives them."""
    given = structure(model, "output")
    return list(given) if isinstance(given, dict) else list(model.output_names)


def _specs(tensors: Any, *, named: bool) -> list[TensorSpec]:
    pairs: list[tuple[str | None, Any]]
    if isinstance(tensors, dict):
        pairs = list(tensors.items())
    elif isinstance(tensors, list | tuple):
        pairs = [(one.name if named else None, one) for one in tensors]
    else:
        pairs = [(None, tensors)]
    return [
        TensorSpec(_dtype(one.dtype), tuple(-1 if size is None else size for size in one.shape), name)
        for name, one in pairs
    ]


def _dtype(name: str) -> Any:
    return np.dtype("O" if name == "string" else name)
