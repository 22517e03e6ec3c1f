"""Pipelines of Transformers: saved with their tokenizers, loaded, and as pyfuncs."""

import logging as loggers
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.mlmodel import MLMODEL, MLmodel
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import defaults, folder_with, loading, logging, predicting, read_saved, saving
from runyard.settings import DEFAULT_PREDICTION_DEVICE
from runyard.transformers.cards import write_card
from runyard.transformers.declared import FLAVOR
from runyard.transformers.inputs import as_stored
from runyard.transformers.kinds import KINDS
from runyard.transformers.loading import device_here, pipeline_of, read, read_parts
from runyard.transformers.pyfunc import TransformersModel
from runyard.transformers.references import settings_of_reference
from runyard.transformers.saving import MODEL, settings_of, write_files
from runyard.transformers.service_types import signature_of
from runyard.transformers.services import ServiceModel
from runyard.transformers.source import Source, source_of
from runyard.transformers.templates import check_template, with_template

FLAVOR_NAME = FLAVOR.name
log = loggers.getLogger(__name__)
_WHERE_INSTALLED = ("torchvision", "accelerate")
"""What torch's models use when it is there."""


def _write(
    folder: Folder,
    transformers_model: Any,
    *,
    processor: Any = None,
    task: str | None = None,
    torch_dtype: Any = None,
    model_card: Any = None,
    model_config: dict[str, Any] | None = None,
    prompt_template: str | None = None,
    save_pretrained: bool = True,
    **kwargs: Any,
) -> None:
    """Save a pipeline of Transformers to a folder.

    Parameters
    ----------
    transformers_model: A pipeline; a dictionary of its parts (``model``, ``tokenizer``, ``image_processor``,
        ``feature_extractor``); or the folder of a checkpoint, which is copied as it is.
    processor: One that is kept beside the model. It is then loaded as components, not as a pipeline.
    task: What the pipeline is for; found out where the model tells it. ``llm/v1/chat``, ``llm/v1/completions`` and
        ``llm/v1/embeddings`` make pyfunc take and give what such services do.
    torch_dtype: The type of numbers that the model is loaded with, such as ``torch.float16``.
    model_card: A `huggingface_hub.ModelCard`, or its text.
    model_config: Arguments of each prediction of the pyfunc, such as ``max_new_tokens``.
    prompt_template: A text with ``{prompt}`` in it, into which the pyfunc puts each input.
    save_pretrained: Store the weights. Without it the model names its repository of the hub and the revision.
    kwargs: For the model's own ``save_pretrained``, such as ``max_shard_size``.

    Raises
    ------
    InvalidParameter: The folder is not empty, or this is not a model that can be saved.
    """
    required("transformers", "Saving models of Transformers")
    source = source_of(transformers_model, task)
    source.dtype = torch_dtype if torch_dtype is not None else source.dtype
    kind = KINDS.get(source.pipeline_type)
    check_template(prompt_template, source.task, kind)
    config = with_template(model_config, prompt_template, source.task)
    settings = settings_of(source, processor)
    if save_pretrained or _must_be_stored(source):
        write_files(folder.path, source, processor, kwargs)
        settings["model_binary"] = MODEL
    else:
        settings |= settings_of_reference(source)
    write_card(folder.path, source, model_card)
    folder.packages += _packages()
    folder.add(FLAVOR, pyfunc=None if kind is None else ({"config": config} if config else {}), **settings)
    _describe(folder, source, config, prompt_template)


def _must_be_stored(source: Source) -> bool:
    """Whether only the model's folder can have the weights; a warning says so.

    Raises
    ------
    InvalidParameter: It is a checkpoint.
    """
    if source.checkpoint is not None:
        raise InvalidParameter("A checkpoint in a folder is stored with its weights: leave out save_pretrained=False.")
    is_of_hub = bool(source.name and source.revision and not Path(source.name).exists())
    if not is_of_hub:
        log.warning(
            "The weights are stored in spite of save_pretrained=False: they come from no repository of the hub."
        )
    return not is_of_hub


def _describe(folder: Folder, source: Source, config: dict[str, Any], prompt_template: str | None) -> None:
    """Say what the model takes, and how it predicts."""
    more = {"prompt_template": prompt_template, "task": source.inference_task}
    if any(more.values()):
        given = folder.model.metadata or {}
        folder.model.metadata = {**given, **{key: value for key, value in more.items() if value}}
    kind = KINDS.get(source.pipeline_type)
    if kind is None:
        return
    is_inferred = folder.options.signature is None
    folder.options = replace(folder.options, input_example=as_stored(folder.options.input_example))

    def predict(example: Any) -> Any:
        return predicting(_model(source.pipeline(), config, prompt_template, source.inference_task, source.name))(
            example
        )

    folder.predict = predict
    if source.inference_task and is_inferred:
        folder.model.signature = signature_of(source.inference_task)
    if folder.found_signature() is None and is_inferred:
        folder.model.signature = kind.signature()


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> TransformersModel | ServiceModel:
    """The model in a folder, for pyfunc."""
    pipeline = read_saved(FLAVOR, path, _read_pipeline)
    model = MLmodel.read(folder_with(path) / MLMODEL)
    settings, template = model.flavors[FLAVOR.name], (model.metadata or {}).get("prompt_template")
    name = str(settings.get("source_model_name") or "")
    return _model(pipeline, model_config, template, settings.get("inference_task"), name)


def _model(
    pipeline: Any, config: Mapping[str, Any] | None, template: str | None, inference_task: str | None, name: str
) -> TransformersModel | ServiceModel:
    """What predicts."""
    model = TransformersModel(pipeline, config, template)
    return ServiceModel(model, inference_task, name) if inference_task else model


def _read_pipeline(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The pipeline, of a model that was saved with a processor too."""
    parts = read_parts(folder, settings, {})
    device = device_here(DEFAULT_PREDICTION_DEVICE.get() or None)
    return pipeline_of({name: one for name, one in parts.items() if name in _of_pipelines(settings)}, device)


def _of_pipelines(settings: Mapping[str, Any]) -> set[str]:
    return {"task", "model", *(settings.get("components") or ())}


def _packages(model: Any = None) -> list[str]:
    """What torch's models use, where it is installed.

    Parameters
    ----------
    model: A model; taken for compatibility.
    """
    return [name for name in _WHERE_INSTALLED if find_spec(name) is not None]


def is_gpu_available() -> bool:
    """Whether torch sees a GPU."""
    return bool(required("torch", "Looking for a GPU").cuda.is_available())


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, read)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR, _packages)
