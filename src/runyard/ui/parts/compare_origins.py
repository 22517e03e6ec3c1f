"""The packages and the machines of runs side by side."""

import re
from collections.abc import Iterable, Mapping, Sequence

from runyard.tracking.origins.messages import Origin
from runyard.ui.parts.compare_models import ModelFiles
from runyard.ui.parts.compare_table import Compared
from runyard.ui.parts.format import size
from runyard.ui.parts.origin import gpus_in_words

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)")
_LOCAL = re.compile(r"#\s*([\w.-]+)==(\S+)(.*)")
_MAX_LINES = 5_000


def packages_of(origins: Sequence[Origin], models: Sequence[ModelFiles | None]) -> Compared:
    """The versions of packages, by name; of runs that recorded none, what their models require.

    Parameters
    ----------
    models: What is known of the model of each run.
    """
    columns, required = [], 0
    for origin, model in zip(origins, models, strict=True):
        lines: Iterable[str] = origin.packages
        python = origin.python
        if not origin.packages and model is not None:
            lines, python = model.requirements, python or model.python
            required += bool(model.requirements)
        columns.append({**({"Python": python} if python else {}), **versions(lines)})
    note = f"{required} of the runs: what their models require, for they recorded no packages" if required else ""
    return Compared("Packages", tuple(columns), note=note)


def versions(lines: Iterable[str]) -> dict[str, str]:
    """Versions by the name of the package, from lines of a requirements file; ``==`` is left out."""
    found: dict[str, str] = {}
    for line in [*lines][:_MAX_LINES]:
        local = _LOCAL.match(line)
        if local:
            found[_named(local[1])] = f"{local[2]}{local[3]}"
        elif match := _REQUIREMENT.fullmatch(line.partition(" #")[0]):
            found[_named(match[1])] = match[2].strip().removeprefix("==") or "any"
    return found


def _named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def hardware_of(origins: Sequence[Origin]) -> tuple[Compared, Compared]:
    """The machines, and the environment variables that change what programs do."""
    machines = Compared("Hardware", tuple(map(_machine, origins)), in_order=True)
    variables = tuple({one.key: one.value for one in origin.variables} for origin in origins)
    return machines, Compared("Environment variables", variables)


def _machine(origin: Origin) -> Mapping[str, str]:
    found = {
        "machine": origin.host,
        "system": origin.platform,
        "processor": origin.processor,
        "usable processors": str(origin.cores) if origin.cores else "",
        "memory": size(origin.memory) if origin.memory else "",
        "GPUs": gpus_in_words(origin),
    }
    return {key: value for key, value in found.items() if value}
