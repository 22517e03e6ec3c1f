"""The models of a process that predicts for others, such as a Python worker of Spark. Each is loaded once."""

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runyard.environments import MANAGERS
from runyard.exceptions import InvalidParameter
from runyard.pyfunc.loading import load_model
from runyard.scoring.child import ChildModel
from runyard.scoring.shipping import unpacked
from runyard.serving.environments import interpreter_for

_KEPT = 8
"""How many models a process keeps. Python workers outlive the query that they were started for."""

log = logging.getLogger(__name__)
_loaded: dict[str, Any] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Scorer:
    """Which model predicts, and how. Small: it travels with each task, while the files go once to each machine.

    Attributes
    ----------
    name: A name for the content of its folder.
    folder: The folder, where the workers are on this machine; empty when it is sent to them.
    manager: What makes the environment that it runs in: one of `MANAGERS`.
    params: Parameters of each call.
    model_config: Overrides the configuration it was saved with.
    environment: Variables to set for it.
    """

    name: str
    folder: str = ""
    manager: str = "local"
    params: Mapping[str, Any] | None = None
    model_config: Mapping[str, Any] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def predict(self, data: Any, archive: Callable[[], Path], place: Callable[[], Path]) -> Any:
        """What the model gives for an input; it is loaded first if this process does not have it yet.

        Parameters
        ----------
        archive: Called for the file with the model, when it was sent.
        place: Called for the folder to unpack it in.
        """
        return self._model(archive, place).predict(data, params=self.params)

    def _model(self, archive: Callable[[], Path], place: Callable[[], Path]) -> Any:
        key = self._key()
        with _lock:
            if key not in _loaded:
                os.environ.update(self.environment)
                folder = Path(self.folder) if self.folder else unpacked(archive(), place())
                if len(_loaded) >= _KEPT:
                    del _loaded[next(iter(_loaded))]
                _loaded[key] = self._load(folder)
            return _loaded[key]

    def _load(self, folder: Path) -> Any:
        if self.manager == "local":
            model = load_model(str(folder), model_config=self.model_config)
            model.prepare_to_serve()
            return model
        return ChildModel(interpreter_for(folder, self.manager, say=log.info), folder, self.model_config, log.info)

    def _key(self) -> str:
        about = [self.name, self.folder, self.manager, self.model_config, sorted(self.environment.items())]
        return json.dumps(about, sort_keys=True, default=repr)


def checked_manager(manager: str | None) -> str:
    """A name of what makes environments; ``local`` when left out.

    Raises
    ------
    InvalidParameter: There is nothing of that name.
    """
    chosen = manager or "local"
    if chosen not in MANAGERS:
        raise InvalidParameter(f"The env_manager {manager!r} is none of {', '.join(MANAGERS)}.")
    return chosen
