"""What a Python model is given when it is loaded and called."""

from collections.abc import Mapping
from typing import Any


class PythonModelContext:
    """The files and the configuration of a Python model.

    Attributes
    ----------
    artifacts: The path of each file on this machine, by the name it was saved under.
    model_config: The configuration it was saved with, overridden by that it was loaded with.
    """

    def __init__(self, artifacts: Mapping[str, str], model_config: Mapping[str, Any] | None) -> None:
        self.artifacts, self.model_config = dict(artifacts), dict(model_config or {})
