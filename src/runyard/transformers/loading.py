"""Reading a pipeline: its parts, from the model's folder or from the hub, and the pipeline made of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.pytorch.devices import device_named
from runyard.transformers.components import PROCESSOR, loaded_component
from runyard.transformers.saving import COMPONENTS

torch = lazy("torch")
transformers = lazy("transformers")

PIPELINE, PARTS = "pipeline", "components"
_FOR_MODELS = {"device_map", "low_cpu_mem_usage", "trust_remote_code", "quantization_config", "attn_implementation"}
"""Options that the model is loaded with; the pipeline gets the others."""


def read(
    folder: Path, settings: Mapping[str, Any], /, return_type: str = PIPELINE, device: Any = None, **kwargs: Any
) -> Any:
    """The model at an address, as a pipeline or as a dictionary of its parts.

    Parameters
    ----------
    return_type: ``pipeline`` or ``components``: the task, the model, and what belongs to it, by name.
    device: Where the model computes, such as ``cpu`` or ``cuda:0``; what Transformers chooses when left out.
    kwargs: For the model and the pipeline, such as ``device_map``, ``torch_dtype`` or ``top_k``.

    Raises
    ------
    InvalidParameter: The return type is unknown, or the model is one that makes no pipeline.
    """
    required("transformers", "Loading models of Transformers")
    if return_type not in (PIPELINE, PARTS):
        raise InvalidParameter(f"return_type is {PIPELINE!r} or {PARTS!r}, not {return_type!r}.")
    if return_type == PIPELINE and f"{PROCESSOR}_type" in settings and PROCESSOR not in settings.get(PARTS, ()):
        raise InvalidParameter(
            f"This model was saved with a processor, which no pipeline takes: load it with return_type={PARTS!r}."
        )
    if device is not None and kwargs.get("device_map") is not None:
        raise InvalidParameter("Give either device or device_map: the second places the model itself.")
    parts = read_parts(folder, settings, kwargs)
    if return_type == PARTS:
        if device is not None:
            parts["model"].to(device_here(device))
        return parts
    return pipeline_of(parts, device_here(device), {key: one for key, one in kwargs.items() if key not in _FOR_MODELS})


def read_parts(folder: Path, settings: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The task, the type of numbers where it is known, the model, and what belongs to it."""
    dtype = _dtype(options.get("torch_dtype") or options.get("dtype") or settings.get("torch_dtype"))
    for_model = {key: one for key, one in options.items() if key in _FOR_MODELS}
    if dtype is not None:
        for_model[_dtype_name()] = dtype
    kind = _model_class(settings)
    parts: dict[str, Any] = {"task": settings["task"]}
    if dtype is not None:
        parts[_dtype_name()] = dtype
    is_here = bool(settings.get("model_binary") or not settings.get("source_model_revision"))
    if is_here:
        parts["model"] = kind.from_pretrained(str(file_of(folder, settings, "model_binary")), **for_model)
    else:
        revision = settings["source_model_revision"]
        parts["model"] = kind.from_pretrained(settings["source_model_name"], revision=revision, **for_model)
    for name in _components(settings):
        place: Any = folder / COMPONENTS / name
        options = {}
        if not is_here and settings.get(f"{name}_name"):
            place, options = settings[f"{name}_name"], {"revision": settings.get(f"{name}_revision")}
        parts[name] = loaded_component(name, place, settings.get(f"{name}_type"), **options)
    return parts


def pipeline_of(parts: Mapping[str, Any], device: Any = None, options: Mapping[str, Any] | None = None) -> Any:
    """A pipeline of these parts."""
    known = {name: one for name, one in parts.items() if name not in ("dtype", "torch_dtype")}
    own = {name: one for name, one in (options or {}).items() if name not in ("dtype", "torch_dtype")}
    placed = {} if device is None else {"device": device}
    return transformers.pipeline(**known, **placed, **own)


def _components(settings: Mapping[str, Any]) -> list[str]:
    named = list(settings.get(PARTS) or [])
    return [*named, PROCESSOR] if f"{PROCESSOR}_type" in settings and PROCESSOR not in named else named


def _model_class(settings: Mapping[str, Any]) -> Any:
    name = str(settings.get("pipeline_model_type"))
    found = getattr(transformers, name, None)
    if not hasattr(found, "from_pretrained"):
        raise InvalidParameter(f"The model is a {name!r}, which this version of Transformers does not have.")
    return found


def _dtype_name() -> str:
    """What Transformers calls the argument for the type of numbers."""
    major, minor, *_ = (int(part) for part in transformers.__version__.split(".")[:2])
    return "dtype" if (major, minor) >= (4, 56) else "torch_dtype"


def _dtype(given: Any) -> Any:
    """The type of numbers, from torch's or from its name."""
    if not isinstance(given, str) or given == "auto":
        return given
    found = getattr(torch, given.removeprefix("torch."), None)
    if not isinstance(found, torch.dtype):
        raise InvalidParameter(f"{given!r} is not a type of torch's numbers, such as 'float16'.")
    return found


def device_here(device: Any) -> Any:
    """The device, by its number or name; None for what Transformers chooses.

    Raises
    ------
    InvalidParameter: There is no such device here.
    """
    if device is None:
        return None
    if isinstance(device, int):
        device = "cpu" if device < 0 else f"cuda:{device}"
    return device_named(device)
