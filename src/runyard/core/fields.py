"""The fields of an entity as an object of their own, in place of the messages that MLflow's ``to_proto`` gives."""

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any


class Fields(SimpleNamespace):
    """Named values; ``str()`` is the text form of a protocol buffer message. Fields that are None are left out."""

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for name, value in vars(self).items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Fields):
                    yield f"{name} {{"
                    yield from (f"  {line}" for line in one._lines())
                    yield "}"
                elif one is not None:
                    yield f"{name}: {json.dumps(one, ensure_ascii=False, default=str)}"


def fields_of(value: Any) -> Any:
    """A value with every entity in it as `Fields`, and every mapping as a list of keys and values."""
    if isinstance(value, Mapping):
        return [Fields(key=key, value=fields_of(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [fields_of(one) for one in value]
    return value.to_proto() if hasattr(value, "to_proto") else value
