"""Reads the pickles of models, which runs the code in them in this process: only load trusted models."""

import pickle
import sys
import uuid
from collections.abc import Callable
from functools import partial, reduce
from typing import Any, BinaryIO
from weakref import WeakSet

from runyard.models.modules import current

_read_classes: WeakSet[type] = WeakSet()
"""Classes whose code was in a pickle."""


class ModelUnpickler(pickle.Unpickler):
    """Reads what is a model's own as the model's: classes that it names in the modules that the model brings, before
    all others, and classes whose code it holds as classes of this model alone.

    Cloudpickle has one class for all pickles of it, and whatever is read last gives it its code: a model of another
    version would run that code as well, and so would the program that has defined the class.
    """

    def __init__(self, file: BinaryIO, **options: Any) -> None:
        super().__init__(file, **options)
        self._read_as = uuid.uuid4().hex

    def find_class(self, module: str, name: str) -> Any:
        """What the pickle names."""
        modules = current()
        if modules is not None and module.partition(".")[0] in modules.names:
            return reduce(getattr, name.split("."), modules.named(module))
        found = super().find_class(module, name)
        if not module.startswith("cloudpickle"):
            return found
        if name in ("_make_skeleton_class", "_make_skeleton_enum"):
            return partial(self._class_made_by, found)
        around = _OF_CLOUDPICKLE.get(name)
        return partial(around, found) if around else found

    def is_for_itself(self, kind: type) -> bool:
        """Whether the model has this class for itself even where the program has defined it."""
        return False

    def _class_made_by(self, make: Callable[..., Any], *described: Any) -> Any:
        """A class whose code is in the pickle; the program's own where it has defined that, as its objects are of it.

        Parameters
        ----------
        described: What cloudpickle makes it of; the last but one is its id.
        """
        *first, known_as, more = described
        known = getattr(sys.modules[make.__module__], "_DYNAMIC_CLASS_TRACKER_BY_ID", {}).get(known_as)
        if known is not None and known not in _read_classes and not self.is_for_itself(known):
            return known
        made = make(*first, f"{known_as}-{self._read_as}", more)
        _read_classes.add(made)
        return made


def _function_made_by(make: Callable[..., Any], code: Any, namespace: dict[str, Any], *others: Any) -> Any:
    """A function whose code is in the pickle. What it imports is the model's own."""
    if (modules := current()) is not None:
        modules.adopt(namespace)
    return make(code, namespace, *others)


def _class_filled_by(fill: Callable[..., Any], made: type, state: Any) -> Any:
    """A class with its code. The program's own has it."""
    return fill(made, state) if made in _read_classes else made


_OF_CLOUDPICKLE: dict[str, Callable[..., Any]] = {
    "_make_function": _function_made_by,
    "_class_setstate": _class_filled_by,
}
