"""TensorBoard's files of a training, as artifacts of its run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy
from runyard.keras.autologging.fitting import Fit

keras = lazy("keras")

_FOLDER = "tensorboard_logs"


@contextmanager
def tensorboard_logs(fit: Fit) -> Iterator[list[Any]]:
    """Keep what TensorBoard writes during the block; gives the callbacks that this needs.

    A callback of the caller's own is used where there is one. TensorBoard is left out where it is not installed.
    """
    own = next((one for one in fit.callbacks() if isinstance(one, keras.callbacks.TensorBoard)), None)
    if own is None and find_spec("tensorboard") is None:
        yield []
        return
    folder = Path(own.log_dir) if own is not None else Path(tempfile.mkdtemp(prefix="runyard-tensorboard-"))
    try:
        yield [] if own is not None else [keras.callbacks.TensorBoard(str(folder))]
        with fit.training.attempt("the files of TensorBoard"):
            fit.training.client.log_artifacts(fit.training.run_id, folder, _FOLDER)
    finally:
        if own is None:
            shutil.rmtree(folder, ignore_errors=True)
