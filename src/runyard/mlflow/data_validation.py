"""What MLflow puts around a hinted ``predict`` before it pickles a Python model: the names that its pickles look up."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runyard.pyfunc.hints import as_hinted


class FuncInfo(NamedTuple):
    """The hint of a function's input, and the name of the parameter that has it."""

    input_type_hint: Any
    input_param_name: str


def _validate_model_input(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    model_input_index_in_sig: int,
    type_hint: Any,
    model_input_param_name: str,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, with the input made into what its hint says.

    Raises
    ------
    InvalidParameter: It cannot be that.
    """
    if model_input_param_name in kwargs:
        checked = as_hinted(kwargs[model_input_param_name], type_hint)
        return tuple(args), {**kwargs, model_input_param_name: checked}
    if model_input_index_in_sig >= len(args):
        return tuple(args), dict(kwargs)
    before, after = args[:model_input_index_in_sig], args[model_input_index_in_sig + 1 :]
    return (*before, as_hinted(args[model_input_index_in_sig], type_hint), *after), dict(kwargs)
