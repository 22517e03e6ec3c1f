"""Exported programs: what a module does, traced once, in a file that needs neither its class nor pickle."""

import inspect
import json
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, np
from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.pytorch.devices import CPU, is_here
from runyard.types.schema import TensorSpec

torch, passes = lazy("torch"), lazy("torch.export.passes")

Tensors = tuple[Any, ...] | dict[str, Any]
"""Arguments of a module, by place or by name."""


def tensors_in(example: Any) -> Tensors | None:
    """An input example as a module's arguments; None when it is not made of arrays or tensors.

    Parameters
    ----------
    example: An array or a tensor, a tuple or list of them, or a dictionary of them.
    """
    if isinstance(example, Mapping):
        named = {str(name): _tensor(part) for name, part in example.items()}
        return None if not named or _any_is_none(named.values()) else named
    given = tuple(map(_tensor, example if isinstance(example, tuple | list) else (example,)))
    return None if not given or _any_is_none(given) else given


def _any_is_none(parts: Iterable[Any]) -> bool:
    return any(part is None for part in parts)


def _tensor(part: Any) -> Any:
    if isinstance(part, np.ndarray) and part.dtype.kind in "fiubc":
        return torch.tensor(part)
    return part if isinstance(part, torch.Tensor) else None


def as_arrays(arguments: Tensors, model: Any) -> Any:
    """Arguments of a module as what its pyfunc takes: an array, or a dictionary of them by name.

    Parameters
    ----------
    model: The module, whose ``forward`` has the names.
    """
    if isinstance(arguments, dict):
        return {name: _array(part) for name, part in arguments.items()}
    if len(arguments) == 1:
        return _array(arguments[0])
    names = list(inspect.signature(model.forward).parameters)
    return {names[at] if at < len(names) else str(at): _array(part) for at, part in enumerate(arguments)}


def _array(tensor: Any) -> Any:
    return tensor.detach().cpu().numpy()


def save(model: Any, arguments: Tensors, signature: ModelSignature | None, file: Path, device: Any) -> None:
    """Trace a module and write the program.

    Parameters
    ----------
    arguments: An example of its arguments.
    signature: Its dimensions of -1 may have any length in the program. Without one that is the first of each tensor.
    device: Where the module is.

    Raises
    ------
    InvalidParameter: The module cannot be traced.
    """
    parts = list(arguments.items() if isinstance(arguments, dict) else enumerate(arguments))
    free = [_free_dimensions(signature, place, str(name), tensor) for place, (name, tensor) in enumerate(parts)]
    traced = [_lengthened(tensor, one).to(device) for (_, tensor), one in zip(parts, free, strict=True)]
    shapes = [dict.fromkeys(one, torch.export.Dim.DYNAMIC) or None for one in free]
    by_name: dict[str, Any] = {}
    dynamic: Any = tuple(shapes)
    if isinstance(arguments, dict):
        by_name, dynamic = dict(zip(arguments, traced, strict=True)), dict(zip(arguments, shapes, strict=True))
        traced = []
    try:
        program = torch.export.export(model, tuple(traced), by_name, dynamic_shapes=dynamic)
    except Exception as problem:  # it runs the code of the module
        raise InvalidParameter(f"The module cannot be exported: {_first_line(problem)}.") from problem
    # a file that says CPU is read by any machine, and the program moves to another device there
    program = passes.move_to_device_pass(program, CPU)
    torch.export.save(program, str(file))


def load(file: Path, device: Any = None) -> Any:
    """The module of an exported program.

    Parameters
    ----------
    device: Where to put it; where it was when left out, and that is here.
    """
    program = torch.export.load(_for_this_machine(file))
    if device is not None:
        program = passes.move_to_device_pass(program, str(device))
    return program.module()


def _free_dimensions(signature: ModelSignature | None, place: int, name: str, tensor: Any) -> list[int]:
    """The dimensions of an argument that may have any length."""
    schema = signature.inputs if signature else None
    specs = [one for one in schema.inputs if isinstance(one, TensorSpec)] if schema is not None else []
    spec = next((one for one in specs if one.name == name), specs[place] if place < len(specs) else None)
    if spec is None:
        return [0] if tensor.dim() else []
    return [at for at, length in enumerate(spec.shape) if length == -1 and at < tensor.dim()]


def _lengthened(tensor: Any, free: list[int]) -> Any:
    """A tensor whose free dimensions are not of length 1, which tracing takes for fixed."""
    return tensor.repeat([2 if at in free and length == 1 else 1 for at, length in enumerate(tensor.shape)])


def _first_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return f"{type(problem).__name__}: {lines[0] if lines else ''}".rstrip(".: ")


def _for_this_machine(file: Path) -> Any:
    """The file; a copy in memory that says CPU for each device that is not here, if it names one."""
    with zipfile.ZipFile(file) as archive:
        texts = {name: archive.read(name) for name in archive.namelist() if name.endswith(".json")}
        moved = {name: _moved(text) for name, text in texts.items()}
        if moved == texts:
            return str(file)
        copy = BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as rewritten:
            for entry in archive.infolist():
                rewritten.writestr(entry.filename, moved.get(entry.filename) or archive.read(entry))
    copy.seek(0)
    return copy


def _moved(text: bytes) -> bytes:
    changed = False

    def on_this_machine(found: dict[str, Any]) -> dict[str, Any]:
        nonlocal changed
        if found.keys() == {"type", "index"} and isinstance(found["type"], str):
            name = found["type"] if found["index"] is None else f"{found['type']}:{found['index']}"
            if not is_here(torch.device(name)):
                changed = True
                return {"type": CPU, "index": None}
        return found

    document = json.loads(text, object_hook=on_this_machine)
    return json.dumps(document).encode() if changed else text
