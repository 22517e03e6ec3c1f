"""A model of PyTorch as a pyfunc."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runyard.core.libraries import lazy, np, pd
from runyard.exceptions import InvalidParameter

torch = lazy("torch")


class PyTorchModel:
    """Predicts with a module.

    Parameters
    ----------
    pytorch_model: The module, on its device.
    device: That device.
    """

    def __init__(self, pytorch_model: Any, device: Any) -> None:
        self.pytorch_model, self.device = pytorch_model, device
        weights = (weight.dtype for weight in pytorch_model.parameters() if weight.is_floating_point())
        self._precision = next(weights, None)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the module gives for a table, an array, lists, or a dictionary of arrays.

        Parameters
        ----------
        data: A table's numbers become one tensor of 32-bit floats, an array keeps its type; a dictionary's arrays are
            arguments by name. Floating point numbers are given in the precision that the module has.
        params: More arguments of the module, by name.

        Returns
        -------
        A DataFrame for a DataFrame where the module gives rows, else an array; a dictionary of arrays where the module
        gives a dictionary of tensors.

        Raises
        ------
        InvalidParameter: The data are not numbers, or the module gives something else than tensors.
        """
        params = params or {}
        if "device" in params:
            raise InvalidParameter(
                "The device is not a parameter of predict. Choose it when the model is loaded: "
                "pyfunc.load_model(…, model_config={'device': 'cpu'})."
            )
        with torch.no_grad():
            if isinstance(data, Mapping):
                arguments = {str(name): self._tensor(part) for name, part in data.items()}
                found = self.pytorch_model(**arguments, **params)
            else:
                found = self.pytorch_model(self._tensor(data), **params)
        return _rows(arrays_of(found), data)

    def get_raw_model(self) -> Any:
        """The module."""
        return self.pytorch_model

    def _tensor(self, data: Any) -> Any:
        tensor = data if isinstance(data, torch.Tensor) else torch.from_numpy(_numbers(data))
        if self._precision is not None and tensor.is_floating_point():
            tensor = tensor.to(self._precision)
        return tensor.to(self.device)


def _numbers(data: Any) -> Any:
    """Data as an array that a tensor can be made of."""
    try:
        found = data.to_numpy(dtype="float32") if isinstance(data, pd.DataFrame | pd.Series) else np.asarray(data)
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(f"The input of a PyTorch model is numbers of one type: {problem}.") from None
    if found.dtype.kind not in "fiubc":
        raise InvalidParameter(
            f"The input of a PyTorch model is numbers, not {type(data).__name__} of type {found.dtype}."
        )
    return found if found.flags.writeable and found.flags.c_contiguous else found.copy()


def arrays_of(found: Any) -> Any:
    """What a module gives, a tensor or a dictionary of tensors, as arrays.

    Raises
    ------
    InvalidParameter: It is something else.
    """
    if isinstance(found, torch.Tensor):
        tensor = found.detach().cpu()
        return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()
    tensors = (
        {name: part for name, part in found.items() if isinstance(part, torch.Tensor)}
        if isinstance(found, Mapping)
        else {}
    )
    if not tensors:
        raise InvalidParameter(
            f"The model gives {type(found).__name__}; a pyfunc needs a tensor, or a dictionary of tensors. Wrap it in "
            "a module that returns one."
        )
    return {str(name): arrays_of(part) for name, part in tensors.items()}


def _rows(found: Any, data: Any) -> Any:
    """Rows of a table as a table, with its index."""
    if not isinstance(data, pd.DataFrame) or isinstance(found, dict) or found.ndim not in (1, 2):
        return found
    return pd.DataFrame(found, index=data.index if len(found) == len(data) else None)


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Meanwhile the module and its parts are in evaluation mode."""
    before = [(part, part.training) for part in model.modules()]
    for part, _ in before:
        part.training = False
    try:
        yield
    finally:
        for part, mode in before:
            part.training = mode
