"""Files of runs: ``runyard.artifacts.download_artifacts("runs:/<run id>/model")``. Each function loads on use."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "download_artifacts": "runyard.fluent.artifacts",
    "list_artifacts": "runyard.fluent.artifacts",
    "load_dict": "runyard.fluent.artifacts",
    "load_image": "runyard.fluent.artifacts",
    "load_text": "runyard.fluent.artifacts",
}

if TYPE_CHECKING:
    from runyard.fluent.artifacts import download_artifacts as download_artifacts
    from runyard.fluent.artifacts import list_artifacts as list_artifacts
    from runyard.fluent.artifacts import load_dict as load_dict
    from runyard.fluent.artifacts import load_image as load_image
    from runyard.fluent.artifacts import load_text as load_text

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
