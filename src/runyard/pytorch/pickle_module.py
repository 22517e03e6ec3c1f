"""How modules of PyTorch are pickled: with cloudpickle, and with what the model brings when they are read.

`torch.save` and `torch.load` take this module as ``pickle_module``. Classes of the program itself are stored with the
model, so that other programs can load it.
"""

from typing import Any, BinaryIO

from runyard.core.libraries import required
from runyard.models.unpickler import ModelUnpickler as Unpickler

Pickler = required("cloudpickle", "Saving modules of PyTorch").CloudPickler


def dump(obj: Any, file: BinaryIO, protocol: int | None = None) -> None:
    """Pickle an object into a file."""
    Pickler(file, protocol=protocol).dump(obj)


def load(file: BinaryIO, **options: Any) -> Any:
    """The object in a file. That runs the code in it: only load models of people you trust."""
    return Unpickler(file, **options).load()


__all__ = ["Pickler", "Unpickler", "dump", "load"]
