"""The files of a pipeline's folder, and the settings in its MLmodel file that say how they are read."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.transformers.components import PROCESSOR
from runyard.transformers.source import Source

MODEL, COMPONENTS = "model", "components"


def write_files(folder: Path, source: Source, processor: Any, options: Mapping[str, Any]) -> None:
    """Write the model and what belongs to it.

    Parameters
    ----------
    options: For the model's ``save_pretrained``.
    """
    if source.checkpoint is not None:
        shutil.copytree(source.checkpoint, folder / MODEL)
    else:
        source.pipeline().model.save_pretrained(str(folder / MODEL), **options)
    write_components(folder, source, processor)


def write_components(folder: Path, source: Source, processor: Any) -> None:
    """Write what belongs to the model, a folder each."""
    for name, one in {**source.components, **({PROCESSOR: processor} if processor is not None else {})}.items():
        one.save_pretrained(str(folder / COMPONENTS / name))


def settings_of(source: Source, processor: Any) -> dict[str, Any]:
    """What the MLmodel file says of any pipeline."""
    components = {f"{name}_type": type(one).__name__ for name, one in source.components.items()}
    own = {f"{PROCESSOR}_type": type(processor).__name__} if processor is not None else {}
    wanted = {"inference_task": source.inference_task} if source.inference_task else {}
    return {
        "task": source.task,
        **wanted,
        "instance_type": source.pipeline_type,
        "torch_dtype": None if source.dtype is None else str(source.dtype),
        "pipeline_model_type": source.model_type,
        "source_model_name": source.name,
        "components": list(source.components),
        **components,
        **own,
    }
