"""Pipelines of spaCy: saved as its folders and loaded; those that categorize texts are pyfuncs, too."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving
from runyard.spacy.declared import FLAVOR
from runyard.spacy.pyfunc import SpacyModel

FLAVOR_NAME = FLAVOR.name
_FOLDER = "model.spacy"


def _write(folder: Folder, spacy_model: Any) -> None:
    """Save a pipeline of spaCy to a folder. One without a text categorizer cannot be loaded as a pyfunc.

    Parameters
    ----------
    spacy_model: The pipeline, a `Language`.

    Raises
    ------
    InvalidParameter: The folder is not empty, or it is not a pipeline of spaCy.
    """
    language = required("spacy.language", "Saving pipelines of spaCy").Language
    if not isinstance(spacy_model, language):
        raise InvalidParameter(f"spacy_model is a pipeline of spaCy, a Language, not {type(spacy_model).__name__}.")
    categorizer = required("spacy.pipeline", "Saving pipelines of spaCy").TextCategorizer
    categorizes = any(isinstance(pipe, categorizer) for _, pipe in spacy_model.pipeline)
    spacy_model.to_disk(folder.path / _FOLDER)
    folder.add(FLAVOR, _FOLDER, pyfunc={} if categorizes else None)
    if categorizes:
        folder.predict = predicting(SpacyModel(spacy_model))


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The pipeline at an address, as a `Language`."""
    place = file_of(folder, settings, "data")
    return required("spacy.util", "Loading pipelines of spaCy").load_model_from_path(place)


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _read, SpacyModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
