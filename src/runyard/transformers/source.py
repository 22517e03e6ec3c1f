"""What a caller gives to be saved: a pipeline, the parts of one, or the folder of a checkpoint; looked at alike."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter
from runyard.transformers.components import COMPONENTS, loaded_component

transformers = lazy("transformers")
pipelines = lazy("transformers.pipelines")

INFERENCE_TASKS = {
    "text-generation": ("llm/v1/completions", "llm/v1/chat"),
    "feature-extraction": ("llm/v1/embeddings",),
}
"""Task of a pipeline → the tasks of services that it can be asked with."""
_OF_SERVICES = "llm/v1/"
_PARTS = ("model", *COMPONENTS, "torch_dtype")


@dataclass
class Source:
    """A model to save.

    Attributes
    ----------
    task: What its pipeline is for.
    inference_task: The task of a service that it is asked with, instead of what the pipeline takes.
    pipeline_type: The class of its pipeline.
    model_type: The class of its model.
    name: Where the weights come from: a repository of the hub, a folder, or nothing.
    dtype: The type of its numbers; None when it is as the checkpoint has it.
    components: What the pipeline has beside the model, by name.
    pipeline: Gives the pipeline; loads it when it is a checkpoint.
    checkpoint: The folder it is in already.
    revision: The commit of the repository that the weights come from.
    """

    task: str
    pipeline_type: str
    model_type: str
    name: str
    dtype: Any
    components: dict[str, Any]
    pipeline: Callable[[], Any]
    inference_task: str | None = None
    checkpoint: Path | None = None
    revision: str | None = None


def source_of(given: Any, task: str | None) -> Source:
    """What is to be saved.

    Raises
    ------
    InvalidParameter: It is of another kind, parts are missing, or the task is not one for it.
    """
    wanted = task if task and task.startswith(_OF_SERVICES) else None
    own = None if wanted else task
    if isinstance(given, str | Path):
        if own is None:
            raise InvalidParameter("A checkpoint does not tell its task: give one, such as 'text-classification'.")
        found = _of_checkpoint(Path(given), own)
    elif isinstance(given, Mapping):
        _check_parts(given)
        found = _of_pipeline(_built(given, own or _task_for(given, wanted)))
        found.dtype = given.get("torch_dtype") or found.dtype
    elif isinstance(given, transformers.Pipeline):
        found = _of_pipeline(given)
    else:
        raise InvalidParameter(
            "transformers_model is a pipeline, a dictionary of its parts, or the folder of a checkpoint, "
            f"not {type(given).__name__}."
        )
    if wanted:
        possible = INFERENCE_TASKS.get(found.task, ())
        if wanted not in possible:
            known = f"one of {', '.join(possible)}" if possible else "no task of a service"
            raise InvalidParameter(f"A pipeline for {found.task!r} takes {known}, not {wanted!r}.")
    found.inference_task = wanted
    return found


def _of_pipeline(pipeline: Any) -> Source:
    model = pipeline.model
    if hasattr(model, "peft_config"):
        raise InvalidParameter("Adapters of PEFT are not stored on their own: merge them with merge_and_unload().")
    return Source(
        task=pipeline.task,
        pipeline_type=type(pipeline).__name__,
        model_type=type(model).__name__,
        name=str(getattr(model, "name_or_path", "")),
        dtype=getattr(model, "dtype", None),
        components=_components_of(pipeline),
        pipeline=lambda: pipeline,
        revision=getattr(model.config, "_commit_hash", None),
    )


def _components_of(pipeline: Any) -> dict[str, Any]:
    found = {name: getattr(pipeline, name, None) for name in COMPONENTS}
    return {name: one for name, one in found.items() if hasattr(one, "save_pretrained")}


def _of_checkpoint(folder: Path, task: str) -> Source:
    if not (folder / "config.json").is_file():
        raise InvalidParameter(f"{str(folder)!r} is not a checkpoint of Transformers: it has no config.json.")
    config = transformers.AutoConfig.from_pretrained(folder)
    try:
        _, described, _ = pipelines.check_task(task)
    except KeyError as problem:
        raise InvalidParameter(f"{task!r} is not a task: {problem.args[0]}.") from None
    components = {name: loaded_component(name, folder) for name in COMPONENTS if _has(folder, name)}
    names = config.architectures or []
    if not names:
        raise InvalidParameter(
            f"The config.json in {str(folder)!r} does not name the model's class in 'architectures'."
        )
    return Source(
        task=task,
        pipeline_type=described["impl"].__name__,
        model_type=names[0],
        name=str(folder),
        dtype=None,
        components=components,
        pipeline=lambda: transformers.pipeline(task, model=str(folder), **components),
        checkpoint=folder,
    )


def _has(folder: Path, component: str) -> bool:
    """Whether a checkpoint has files of such a component."""
    if component == "tokenizer":
        return (folder / "tokenizer_config.json").is_file()
    file = folder / "preprocessor_config.json"
    return file.is_file() and f"{component}_type" in json.loads(file.read_text(encoding="utf-8"))


def _built(given: Mapping[Any, Any], task: str) -> Any:
    """A pipeline of these parts."""
    components = {name: one for name, one in given.items() if name not in ("model", "torch_dtype")}
    try:
        return transformers.pipeline(task, model=given["model"], **components)
    except Exception as problem:  # it says in any way which parts it misses
        raise InvalidParameter(
            f"These parts make no pipeline for {task!r}: {', '.join(given)}. {' '.join(str(problem).split())}"
        ) from problem


def _check_parts(given: Mapping[Any, Any]) -> None:
    unknown = [name for name in given if name not in _PARTS]
    if unknown:
        raise InvalidParameter(f"{unknown[0]!r} is not a part of a pipeline. The parts are {', '.join(_PARTS)}.")
    if not hasattr(given.get("model"), "name_or_path"):
        raise InvalidParameter("The parts of a pipeline need a 'model', which is one of Transformers.")


def _task_for(given: Mapping[Any, Any], wanted: str | None) -> str:
    """The first task whose pipelines are made for models of this class."""
    if wanted:
        return next((task for task, known in INFERENCE_TASKS.items() if wanted in known), wanted)
    model = given["model"]
    for task, described in pipelines.SUPPORTED_TASKS.items():
        for auto in described.get("pt", ()):
            classes = auto._model_mapping.get(type(model.config), ())
            if type(model) in (classes if isinstance(classes, tuple) else (classes,)):
                return str(task)
    raise InvalidParameter(f"The task of a {type(model).__name__} is not known: give one, such as 'text-generation'.")
