"""Sessions of onnxruntime: where a model computes, and with which options."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter

ONNX_EXECUTION_PROVIDERS = ["CUDAExecutionProvider", "CPUExecutionProvider"]
"""Where models compute that do not say it: on a GPU when there is one."""
_CPU = "CPUExecutionProvider"
_THREADS = ("inter_op_num_threads", "intra_op_num_threads")
_MODES = {"sequential": "ORT_SEQUENTIAL", "parallel": "ORT_PARALLEL"}
_LEVELS = {0: "ORT_DISABLE_ALL", 1: "ORT_ENABLE_BASIC", 2: "ORT_ENABLE_EXTENDED", 99: "ORT_ENABLE_ALL"}
_KNOWN = ("execution_mode", "extra_session_config", "graph_optimization_level", *_THREADS)

log = logging.getLogger(__name__)


def checked_providers(given: Any) -> list[Any]:
    """Execution providers as they are saved: names, or pairs of a name and its options.

    Raises
    ------
    InvalidParameter: They are something else.
    """
    if given is None:
        return list(ONNX_EXECUTION_PROVIDERS)
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(map(_is_provider, given)):
        raise InvalidParameter(
            "onnx_execution_providers is a list of names such as 'CPUExecutionProvider', or of pairs of a name and a "
            f"dictionary of its options, not {given!r}."
        )
    return [entry if isinstance(entry, str) else list(entry) for entry in given]


def checked_options(given: Any) -> dict[str, Any] | None:
    """Options of sessions, as they were given.

    Raises
    ------
    InvalidParameter: onnxruntime has no such option, or not such a value.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InvalidParameter(f"onnx_session_options is a dictionary, not {given!r}.")
    unknown = sorted(map(str, set(given) - set(_KNOWN)))
    if unknown:
        raise InvalidParameter(f"onnx_session_options takes {', '.join(_KNOWN)}, not {', '.join(unknown)}.")
    for name in _THREADS:
        if name in given and (not isinstance(given[name], int) or given[name] < 0):
            raise InvalidParameter(f"{name} in onnx_session_options is a number of threads, not {given[name]!r}.")
    _checked_choice(given, "execution_mode", str(given.get("execution_mode", "")).lower(), _MODES)
    _checked_choice(given, "graph_optimization_level", given.get("graph_optimization_level"), _LEVELS)
    if not isinstance(given.get("extra_session_config", {}), Mapping):
        raise InvalidParameter(
            "extra_session_config in onnx_session_options is a dictionary of onnxruntime's own keys, "
            f"not {given['extra_session_config']!r}."
        )
    return dict(given)


def opened(path: Path, settings: Mapping[str, Any]) -> Any:
    """An onnxruntime session of a model.

    Parameters
    ----------
    path: Its file.
    settings: ``providers`` and ``onnx_session_options`` of the MLmodel file. Providers that are not here are left out.
    """
    runtime = required("onnxruntime", "Predicting with models of ONNX")
    providers = _available(checked_providers(settings.get("providers")), runtime.get_available_providers())
    options = _session_options(runtime, checked_options(settings.get("onnx_session_options")) or {})
    return runtime.InferenceSession(str(path), sess_options=options, providers=providers)


def _is_provider(entry: Any) -> bool:
    if isinstance(entry, str):
        return True
    is_pair = isinstance(entry, list | tuple) and len(entry) == 2
    return is_pair and isinstance(entry[0], str) and isinstance(entry[1], Mapping)


def _checked_choice(given: Mapping[str, Any], name: str, value: Any, choices: Mapping[Any, str]) -> None:
    if name in given and value not in choices:
        raise InvalidParameter(
            f"{name} in onnx_session_options is one of {', '.join(map(str, choices))}, not {given[name]!r}."
        )


def _available(wanted: Sequence[Any], here: Sequence[str]) -> list[Any]:
    entries = [entry if isinstance(entry, str) else (entry[0], dict(entry[1])) for entry in wanted]
    found = [entry for entry in entries if _name(entry) in here] or [_CPU]
    missing = [_name(entry) for entry in entries if _name(entry) not in here]
    if missing and list(wanted) != ONNX_EXECUTION_PROVIDERS:
        log.warning(
            "The model is to run on %s, which onnxruntime does not offer here; it runs on %s.",
            " or ".join(missing),
            " or ".join(map(_name, found)),
        )
    return found


def _name(provider: Any) -> str:
    return provider if isinstance(provider, str) else str(provider[0])


def _session_options(runtime: Any, given: Mapping[str, Any]) -> Any:
    options = runtime.SessionOptions()
    for name in _THREADS:
        if name in given:
            setattr(options, name, given[name])
    if "execution_mode" in given:
        options.execution_mode = getattr(runtime.ExecutionMode, _MODES[given["execution_mode"].lower()])
    if "graph_optimization_level" in given:
        level = _LEVELS[given["graph_optimization_level"]]
        options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, level)
    for key, value in given.get("extra_session_config", {}).items():
        options.add_session_config_entry(str(key), str(value))
    return options
