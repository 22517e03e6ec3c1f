"""Trainings with Keras to log automatically, with us and with mlflow: name → training, and options of `autolog`."""

import importlib
import sys
from typing import Any

import keras
from tests.keras.examples import TARGET, VALUES


def network(optimizer: Any = "adam") -> Any:
    """The same one each time, with the same names."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")])
    model.compile(optimizer=optimizer, loss="mse", metrics=["mae"])
    return model


def fit(optimizer: Any = "adam", batch_size: int | None = 8, epochs: int = 2, **options: Any) -> Any:
    """A training."""
    model = network(optimizer)
    model.fit(VALUES, TARGET, batch_size=batch_size, epochs=epochs, verbose=0, **options)
    return model


def stops(*, restores: bool) -> None:
    """A training that ends after its second epoch."""
    options = {"monitor": "loss", "patience": 1, "min_delta": 1000, "restore_best_weights": restores}
    fit(epochs=6, callbacks=[keras.callbacks.EarlyStopping(**options)])


def twice() -> None:
    """Two trainings in the active run."""
    with module().start_run():
        fit(epochs=1)
        fit(epochs=1)


class _Broken(keras.callbacks.Callback):  # type: ignore[misc, unused-ignore]
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        raise RuntimeError("broken")


def by_hand(flavor: str, **options: Any) -> None:
    """A training that a callback logs."""
    library = getattr(module(), flavor)
    library.autolog(disable=True)
    with module().start_run():
        callback = library.MlflowCallback(**options)
        fit(callbacks=[callback]).evaluate(VALUES, TARGET, verbose=0, callbacks=[callback])
        module().flush_async_logging()


def module() -> Any:
    """The one that logs: ``mlflow`` or ``runyard``."""
    return importlib.import_module(sys.argv[1])


def trainings(flavor: str, fast: dict[str, Any]) -> dict[str, Any]:
    """Those that both flavors log.

    Parameters
    ----------
    fast: Options of its `autolog` with which it is quick.
    """
    schedule = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}
    steps = {"log_every_epoch": False, "log_every_n_steps": 2}
    return {
        "fit": (lambda: fit(validation_data=(VALUES[:8], TARGET[:8])), {flavor: {}}),
        "split": (lambda: fit(batch_size=None, validation_split=0.25), {flavor: fast}),
        "steps": (fit, {flavor: fast | steps}),
        "stops": (lambda: stops(restores=False), {flavor: fast}),
        "restores": (lambda: stops(restores=True), {flavor: fast}),
        "schedule": (
            lambda: fit(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(**schedule))),
            {flavor: fast},
        ),
        "tags": (lambda: fit(epochs=1), {flavor: fast | {"extra_tags": {"team": "x"}, "log_datasets": False}}),
        "registered": (lambda: fit("sgd"), {flavor: fast | {"log_models": True, "registered_model_name": "kept"}}),
        "twice": (twice, {flavor: fast}),
        "fails": (lambda: fit(callbacks=[_Broken()]), {flavor: fast}),
        "by_hand": (lambda: by_hand(flavor), {flavor: fast}),
        "by_hand_steps": (lambda: by_hand(flavor, **steps), {flavor: fast}),
    }


TRAININGS = trainings("keras", {"log_models": False})
