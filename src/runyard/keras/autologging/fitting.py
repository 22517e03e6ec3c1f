"""A call of ``fit`` of a Keras model that is being logged."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from runyard.autologging.samples import SAMPLED_ROWS
from runyard.autologging.training import TrainingRun
from runyard.autologging.watchers import Call
from runyard.core.libraries import lazy, np
from runyard.keras.autologging.datasets import dataset_of_tensors

keras = lazy("keras")

_NO_PARAMS = ("self", "x", "y", "callbacks", "validation_data", "verbose", "kwargs")


class Fit:
    """A training with ``fit``.

    Parameters
    ----------
    call: The call.
    training: Where to log it.
    """

    def __init__(self, call: Call, training: TrainingRun) -> None:
        self.call, self.training = call, training
        self.model = call.owner
        self.arguments = call.all_arguments()
        self.sample: Any = None

    def log_settings(self) -> None:
        """Log the arguments of ``fit``, and the number of rows of a batch where the data tells it."""
        given = {key: value for key, value in self.arguments.items() if key not in _NO_PARAMS}
        with self.training.attempt("the size of a batch"):
            given["batch_size"] = given.get("batch_size") or self._batch_size()
        self.training.log_params(given)

    def log_data(self) -> None:
        """Note the data of training and validation, and keep the first rows."""
        data, targets = self.arguments.get("x"), self.arguments.get("y")
        validation = self.arguments.get("validation_data")
        with self.training.attempt("the training data"):
            self.training.log_dataset(dataset_of_tensors(data, targets))
            if validation is not None:
                pair = validation if isinstance(validation, tuple | list) else (validation, None)
                self.training.log_dataset(dataset_of_tensors(*pair[:2]), context="eval")
        self.sample = self.training.sample(lambda: sample_of(data))

    def callbacks(self) -> list[Any]:
        """Those that the caller gave."""
        given = self.arguments.get("callbacks")
        if given is None:
            return []
        return list(getattr(given, "callbacks", None) or (given if isinstance(given, list | tuple) else [given]))

    def add(self, *callbacks: Any) -> None:
        """Call these, after the caller's own."""
        own = self.callbacks()
        given: Any = self.arguments.get("callbacks")
        if hasattr(given, "append") and not isinstance(given, list):  # Keras's own list of them, which knows the model
            for one in callbacks:
                one.set_model(self.model)
                given.append(one)
        else:
            self.call.give(callbacks=[*own, *callbacks])

    def log_model(self, log_model: Callable[..., Any], predict: Callable[[Any], Any] | None, **options: Any) -> None:
        """Log the trained model.

        Parameters
        ----------
        log_model: Of the flavor.
        predict: What the model gives for the first rows, for the signature.
        options: For `log_model`.
        """
        self.training.log_model(log_model, self.model, self.sample, predict, **options)

    def _batch_size(self) -> int | None:
        data = self.arguments.get("x")
        for name in ("batch_size", "_batch_size"):
            found = getattr(data, name, None)
            if found is not None:
                return int(found)
        if isinstance(data, keras.utils.PyDataset):
            return _rows(data[0])
        if isinstance(data, Iterator):
            first = next(data)
            self.call.give(x=_again(first, data))
            return _rows(first)
        return None


def _again(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    """A generator, which Keras asks for, of what was taken of it and the rest."""
    yield from itertools.chain([first], rest)


def _rows(batch: Any) -> int:
    inputs = batch[0] if isinstance(batch, tuple | list) else batch
    while isinstance(inputs, dict | tuple | list):
        inputs = next(iter(inputs.values() if isinstance(inputs, dict) else inputs))
    return len(inputs)


def sample_of(data: Any) -> Any:
    """The first rows of what a model is trained on, as arrays; None where taking them would use them up."""
    if isinstance(data, dict):
        return {name: np.array(one[:SAMPLED_ROWS]) for name, one in data.items()}
    if hasattr(data, "element_spec") and hasattr(data, "take"):  # a tf.data.Dataset
        batch = next(iter(data.take(1)), None)
        inputs = batch[0] if isinstance(batch, tuple) else batch
        return None if inputs is None or isinstance(inputs, tuple) else sample_of(inputs)
    if isinstance(data, keras.utils.PyDataset):
        batch = data[0]
        return sample_of(batch[0] if isinstance(batch, tuple) else batch)
    if hasattr(data, "iloc"):
        return data.iloc[:SAMPLED_ROWS].copy()
    if hasattr(data, "shape") and hasattr(data, "__getitem__"):
        rows = data[:SAMPLED_ROWS]
        return np.array(keras.ops.convert_to_numpy(rows) if not isinstance(rows, np.ndarray) else rows)
    return None
