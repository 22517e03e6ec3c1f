"""A model of any flavor, as a function."""

import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from runyard.exceptions import RunyardException
from runyard.models.enforcement import enforce_params, enforce_schema
from runyard.models.mlmodel import PYFUNC
from runyard.models.model import Model
from runyard.models.modules import OwnModules


class PyFuncModel:
    """A loaded model.

    Parameters
    ----------
    model_meta: Its description.
    model_impl: What its flavor's loader gave: an object with ``predict``.
    model_uri: Where it was loaded from.
    modules: The modules it brings with it, if there are any.
    """

    def __init__(
        self, model_meta: Model, model_impl: Any, model_uri: str = "", modules: OwnModules | None = None
    ) -> None:
        if not hasattr(model_impl, "predict"):
            raise RunyardException(f"The model's loader gave a {type(model_impl).__name__}, which has no predict.")
        self._model_meta, self._model_impl, self._model_uri = model_meta, model_impl, model_uri
        self._modules = modules
        self._takes_params = _takes_params(model_impl.predict)
        self.input_example: Any = None

    @property
    def metadata(self) -> Model:
        """Its description."""
        return self._model_meta

    @property
    def model_id(self) -> str | None:
        """Of the logged model it is."""
        return self._model_meta.model_id

    @property
    def loader_module(self) -> str:
        """The module that reads it."""
        return str(self._settings["loader_module"])

    @property
    def model_config(self) -> dict[str, Any]:
        """The configuration it was saved with."""
        return dict(self._settings.get("config") or {})

    @property
    def _settings(self) -> dict[str, Any]:
        return self._model_meta.flavors[PYFUNC]

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the model gives for an input.

        Parameters
        ----------
        data: A pandas DataFrame or Series, a numpy array, a sparse matrix, or plain lists and dictionaries. It is made
            into what the signature says, where there is one.
        params: Parameters of this call; those of the signature have defaults.

        Raises
        ------
        InvalidParameter: The input or the parameters do not fit the signature.
        """
        with self._with_its_modules():
            return self._called(self._model_impl.predict, data, params, self._takes_params)

    def predict_stream(self, data: Any, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """What the model gives, piece by piece.

        Raises
        ------
        RunyardException: It does not stream.
        """
        stream = getattr(self._model_impl, "predict_stream", None)
        if stream is None:
            raise RunyardException("This model does not stream: call predict.")
        with self._with_its_modules():
            pieces = iter(self._called(stream, data, params, _takes_params(stream)))
        while True:
            with self._with_its_modules():  # not while the caller has the piece
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece

    def _with_its_modules(self) -> AbstractContextManager[None]:
        return self._modules.in_use() if self._modules else nullcontext()

    def _called(self, function: Any, data: Any, params: dict[str, Any] | None, takes_params: bool) -> Any:
        signature = self._model_meta.signature
        given = data
        if signature is not None and signature.inputs is not None and not signature._is_signature_from_type_hint:
            given = enforce_schema(data, signature.inputs)
        known = enforce_params(params, signature.params if signature else None)
        return function(given, params=known) if takes_params and known is not None else function(given)

    def unwrap_python_model(self) -> Any:
        """The Python model in it.

        Raises
        ------
        RunyardException: It is of another flavor.
        """
        python_model = getattr(self._model_impl, "python_model", None)
        if python_model is None:
            raise RunyardException(f"This model is not a Python model; it is read by {self.loader_module}.")
        return getattr(python_model, "func", python_model)

    def get_raw_model(self) -> Any:
        """The object that predicts, such as scikit-learn's.

        Raises
        ------
        RunyardException: Its flavor does not give it.
        """
        if not hasattr(self._model_impl, "get_raw_model"):
            raise RunyardException(f"Models read by {self.loader_module} do not give the object in them.")
        return self._model_impl.get_raw_model()

    def prepare_to_serve(self) -> None:
        """Let the flavor speed up predictions in a process that only serves."""
        prepare = getattr(self._model_impl, "prepare_to_serve", None)
        if prepare is not None:
            prepare()

    def __repr__(self) -> str:
        lines = [f"  artifact_path: {self._model_meta.artifact_path}"] if self._model_meta.artifact_path else []
        lines.append(f"  flavor: {self.loader_module}")
        if self._model_meta.run_id:
            lines.append(f"  run_id: {self._model_meta.run_id}")
        return "\n".join(["mlflow.pyfunc.loaded_model:", *lines, ""])


def _takes_params(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C
        return False
    return "params" in parameters
