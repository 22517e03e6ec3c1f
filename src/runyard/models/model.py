"""Models as users know them: a description, and what is done with it."""

from pathlib import Path
from typing import Any, Self

from runyard._lazy import on_first_use
from runyard.models.example import load_example, load_example_params
from runyard.models.info import ModelInfo, info_of
from runyard.models.loading import local_folder
from runyard.models.logging import log_model
from runyard.models.mlmodel import MLMODEL, MLmodel
from runyard.tracking.logged_models.entities import LoggedModel


class Model(MLmodel):
    """A model's description, with what MLflow's has: loading, logging, and reading its example.

    The parameters are those of `runyard.models.mlmodel.MLmodel`.
    """

    @classmethod
    def load(cls, path: str) -> Self:
        """Read a file, a model's folder, or the address of one.

        Raises
        ------
        InvalidParameter: There is no MLmodel file, or it is not one.
        """
        return cls.read(Path(path) if Path(path).is_file() else local_folder(path) / MLMODEL)

    @classmethod
    def log(cls, *args: Any, **kwargs: Any) -> ModelInfo:
        """Save a model with a flavor's module and log it; see `runyard.models.logging.log_model`."""
        return log_model(cls, *args, **kwargs)

    def get_model_info(self, logged_model: LoggedModel | None = None) -> ModelInfo:
        """This description as `runyard.models.get_model_info` shows it."""
        return info_of(self, logged_model)

    def load_input_example(self, path: str | None = None) -> Any:
        """The example of the input that was saved with it; None when there is none.

        Parameters
        ----------
        path: The model's folder; where the logged model is stored when left out.
        """
        if not self.saved_input_example_info:
            return None
        folder = Path(path) if path is not None else local_folder(info_of(self).model_uri)
        return load_example(folder, self.saved_input_example_info)

    def load_input_example_params(self, path: str) -> dict[str, Any] | None:
        """The parameters that were saved with the example; None when there are none.

        Parameters
        ----------
        path: The model's folder.
        """
        return load_example_params(Path(path), self.saved_input_example_info or {})


__getattr__, _ = on_first_use(__name__, {})  # MLflow has more names here
