"""Models that a script defines."""

from typing import Any

from runyard.pyfunc.python_models import load_script


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> Any:
    """The model that the script in a folder sets, for pyfunc."""
    return load_script(path, model_config)
