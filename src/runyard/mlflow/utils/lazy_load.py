"""``mlflow.utils.lazy_load``: a module that is imported when it is first used."""

import importlib
from types import ModuleType
from typing import Any


class LazyLoader(ModuleType):
    """Stands for a module until one of its names is asked for.

    Parameters
    ----------
    local_name: The global name it is assigned to.
    parent_module_globals: The globals in which the module itself replaces it then.
    name: The module's full name.
    """

    def __init__(self, local_name: str, parent_module_globals: dict[str, Any], name: str) -> None:
        super().__init__(name)
        self._local_name, self._globals = local_name, parent_module_globals

    def _load(self) -> ModuleType:
        module = importlib.import_module(self.__name__)
        self._globals[self._local_name] = module
        return module

    def __getattr__(self, item: str) -> Any:
        return getattr(self._load(), item)

    def __dir__(self) -> list[str]:
        return dir(self._load())

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, loaded when it is used>"
