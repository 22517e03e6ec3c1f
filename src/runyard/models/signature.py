"""The signature of a model: its inputs, outputs and parameters."""

import dataclasses
import json
import logging
from collections.abc import Mapping
from typing import Any

from runyard._lazy import on_first_use
from runyard.exceptions import InvalidParameter, MissingPackage, RunyardException
from runyard.models.enforcement import enforce_schema
from runyard.types.datatypes import AnyType, DataType
from runyard.types.infer import UnclearTypeError, infer_param_schema, infer_schema, schema_of
from runyard.types.params import ParamSchema
from runyard.types.schema import ColSpec, Schema
from runyard.types.type_hints import schema_of_dataclass

log = logging.getLogger(__name__)


class ModelSignature:
    """The schemas of a model's inputs, outputs and parameters.

    Parameters
    ----------
    inputs, outputs: Each a `Schema`, a dataclass whose fields are the columns, or None.
    params: The parameters that ``predict`` takes beside the input.

    Raises
    ------
    InvalidParameter: None of the three is given, or one is of another kind.
    """

    def __init__(self, inputs: Any = None, outputs: Any = None, params: ParamSchema | None = None) -> None:
        self.inputs, self.outputs = _schema("inputs", inputs), _schema("outputs", outputs)
        if params is not None and not isinstance(params, ParamSchema):
            raise InvalidParameter(f"'params' is a ParamSchema, not {type(params).__name__}.")
        self.params = params
        if self.inputs is None and self.outputs is None and params is None:
            raise InvalidParameter("A signature needs inputs, outputs or params.")
        self._is_signature_from_type_hint = False
        self._is_type_hint_from_example = False

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it: JSON text for each of ``inputs``, ``outputs`` and ``params``, or None."""
        return {
            name: None if schema is None else schema.to_json()
            for name, schema in (("inputs", self.inputs), ("outputs", self.outputs), ("params", self.params))
        }

    @classmethod
    def from_dict(cls, signature_dict: Mapping[str, Any]) -> "ModelSignature":
        """Read it from an MLmodel file.

        Raises
        ------
        InvalidParameter: It describes no signature.
        """
        inputs, outputs, params = (signature_dict.get(name) for name in ("inputs", "outputs", "params"))
        made = cls(
            Schema.from_json(inputs) if inputs else None,
            Schema.from_json(outputs) if outputs else None,
            ParamSchema.from_json(params) if params else None,
        )
        made._is_signature_from_type_hint = bool(signature_dict.get("is_signature_from_type_hint", False))
        made._is_type_hint_from_example = bool(signature_dict.get("type_hint_from_example", False))
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelSignature) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(json.dumps(self.to_dict()))

    def __repr__(self) -> str:
        return f"inputs: \n  {self.inputs!r}\noutputs: \n  {self.outputs!r}\nparams: \n  {self.params!r}\n"


def _schema(name: str, given: Any) -> Schema | None:
    if given is None or isinstance(given, Schema):
        return given
    if dataclasses.is_dataclass(given):
        return schema_of_dataclass(given)
    raise InvalidParameter(f"{name!r} is a Schema or a dataclass, not {type(given).__name__}.")


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """The signature of a model with inputs and outputs like this data.

    Parameters
    ----------
    model_input: An example of the input: a pandas DataFrame or Series, a numpy array or a dictionary of them, a sparse
        matrix, or plain lists, dictionaries and values.
    model_output: An example of what the model gives for it.
    params: The parameters that ``predict`` takes beside the input, with their defaults.

    Raises
    ------
    InvalidParameter: Nothing is given, or a parameter is of a kind that cannot be one.
    """
    inputs = None if model_input is None else _inputs(model_input)
    outputs = None if model_output is None else infer_schema(model_output)
    if inputs is not None and any(isinstance(one, ColSpec) and _is_whole(one) for one in inputs.inputs):
        log.warning(
            "Some columns of the input hold integers, without a gap. If values may be missing, log an example in which "
            "one is, or with these columns as floating point numbers."
        )
    return ModelSignature(inputs, outputs, infer_param_schema(params) if params else None)


def _inputs(data: Any) -> Schema:
    """The schema of an input; one that takes anything where none can name it, or would refuse what it was made from."""
    try:
        inputs = schema_of(data)
        enforce_schema(data, inputs)
    except MissingPackage:
        raise
    except (UnclearTypeError, RunyardException, ValueError, TypeError, OverflowError) as problem:
        log.warning("No signature can describe this input (%s): anything will be taken, unchecked.", problem)
        return Schema([ColSpec(AnyType())])
    return inputs


def _is_whole(column: ColSpec) -> bool:
    return column.required and column.type in (DataType.integer, DataType.long)


class _TypeHints:
    """The hints of a function's input and output, which MLflow's pickles of Python models hold."""

    def __init__(self, input_: Any = None, output: Any = None) -> None:
        self.input, self.output = input_, output


__getattr__, _ = on_first_use(__name__, {})  # MLflow has more names here
