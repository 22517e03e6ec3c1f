"""Models of Sentence Transformers: saved in its own format, loaded, and as pyfuncs that make vectors of texts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, np, required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.models.signature import ModelSignature
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import defaults, folder_with, loading, logging, predicting, read_saved, saving
from runyard.sentence_transformers.declared import FLAVOR
from runyard.sentence_transformers.pyfunc import SentenceTransformerModel
from runyard.settings import DEFAULT_PREDICTION_DEVICE
from runyard.transformers.service_types import EMBEDDINGS, signature_of
from runyard.types.schema import ColSpec, Schema, TensorSpec

sentence_transformers = lazy("sentence_transformers")

FLAVOR_NAME = FLAVOR.name
DATA, INFERENCE_CONFIG = "model.sentence_transformer", "inference_config"


def _write(
    folder: Folder, model: Any, *, task: str | None = None, inference_config: dict[str, Any] | None = None
) -> None:
    """Save a model of Sentence Transformers to a folder.

    Parameters
    ----------
    model: A `SentenceTransformer`.
    task: ``llm/v1/embeddings`` makes pyfunc take and give what such a service does.
    inference_config: Arguments of each ``encode`` of the pyfunc, such as ``normalize_embeddings``.

    Raises
    ------
    InvalidParameter: The folder is not empty, or it is not such a model, or the task is another one.
    """
    required("sentence_transformers", "Saving models of Sentence Transformers")
    if not isinstance(model, sentence_transformers.SentenceTransformer):
        raise InvalidParameter(f"model is a SentenceTransformer, not {type(model).__name__}.")
    if task not in (None, EMBEDDINGS):
        raise InvalidParameter(f"task is {EMBEDDINGS!r} or left out, not {task!r}.")
    model.save(str(folder.path / DATA))
    if inference_config:
        text = json.dumps(inference_config, indent=2)
        (folder.path / INFERENCE_CONFIG).write_text(text, encoding="utf-8")
    inner = getattr(model[0], "auto_model", None)
    folder.add(
        FLAVOR,
        pyfunc={"data": DATA, **({"config": {"task": task}} if task else {})},
        source_model_name=str(getattr(inner, "name_or_path", "")),
        pipeline_model_type=type(inner).__name__ if inner is not None else None,
    )
    folder.predict = predicting(SentenceTransformerModel(model, inference_config, task))
    is_inferred = folder.options.signature is None
    if task:
        folder.model.metadata = {**(folder.model.metadata or {}), "task": task}
        folder.model.signature = signature_of(task) if is_inferred else folder.model.signature
    elif folder.found_signature() is None and is_inferred:
        vectors = TensorSpec(np.dtype("float64"), (-1,))
        folder.model.signature = ModelSignature(Schema([ColSpec("string")]), Schema([vectors]))


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> SentenceTransformerModel:
    """The model that has its folder at a path, for pyfunc."""
    file = folder_with(path) / INFERENCE_CONFIG
    options = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    model = read_saved(FLAVOR, path, _opened, device=DEFAULT_PREDICTION_DEVICE.get() or None)
    return SentenceTransformerModel(model, options, (model_config or {}).get("task"))


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, as a `SentenceTransformer`."""
    return _opened(folder, settings)


def _opened(folder: Path, settings: Mapping[str, Any], device: str | None = None) -> Any:
    required("sentence_transformers", "Loading models of Sentence Transformers")
    place = file_of(folder, {"data": DATA, **settings}, "data")
    return sentence_transformers.SentenceTransformer(str(place), device=device)


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
