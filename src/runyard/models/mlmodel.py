"""What an MLmodel file says of a model: flavors, signature, origin. Read, written, and shown.

The keys are those of MLflow 3's files; files of version 2 are read too.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from runyard.client.documents import as_json
from runyard.core.yaml_problems import in_a_line
from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.types.params import ParamSchema
from runyard.types.schema import Schema
from runyard.version import VERSION

MLMODEL = "MLmodel"
PYFUNC = "python_function"
_SIGNATURE_FLAGS = ("is_signature_from_type_hint", "type_hint_from_example")


class _Dumper(yaml.SafeDumper):
    """Writes what YAML has no form for, such as numbers of numpy, as JSON would have it."""


def _as_plain(value: Any) -> Any:
    return json.loads(as_json(value))


_Dumper.add_multi_representer(object, lambda dumper, value: dumper.represent_data(_as_plain(value)))


class MLmodel:
    """A saved model's description: what its MLmodel file says.

    Parameters
    ----------
    artifact_path: Where a logged model's files are.
    run_id: The run that logged it.
    utc_time_created: ``YYYY-MM-DD HH:MM:SS.ffffff``; now when left out.
    flavors: Settings by flavor, such as ``sklearn`` and ``python_function``.
    signature: Its inputs and outputs.
    saved_input_example_info: How its example was saved.
    model_uuid: Its id, or what makes one; None for none.
    mlflow_version: The version of MLflow whose format this is.
    metadata: Data of its author, as JSON values.
    model_size_bytes: Bytes of its files, this description not counted.
    model_id: Of the logged model it is.
    """

    def __init__(
        self,
        artifact_path: str | None = None,
        run_id: str | None = None,
        utc_time_created: datetime | str | None = None,
        flavors: dict[str, dict[str, Any]] | None = None,
        signature: ModelSignature | None = None,
        saved_input_example_info: dict[str, Any] | None = None,
        model_uuid: str | Callable[[], str] | None = lambda: uuid.uuid4().hex,
        mlflow_version: str | None = VERSION,
        metadata: dict[str, Any] | None = None,
        model_size_bytes: int | None = None,
        resources: Any = None,
        env_vars: list[str] | None = None,
        auth_policy: Any = None,
        model_id: str | None = None,
        prompts: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.artifact_path, self.run_id = artifact_path, run_id
        self.utc_time_created = str(utc_time_created or datetime.now(UTC).replace(tzinfo=None))
        self.flavors: dict[str, dict[str, Any]] = flavors if flavors is not None else {}
        self.signature, self.saved_input_example_info = signature, saved_input_example_info
        self.model_uuid = model_uuid() if callable(model_uuid) else model_uuid
        self.mlflow_version, self.metadata, self.model_size_bytes = mlflow_version, metadata, model_size_bytes
        self.resources, self.env_vars, self.auth_policy = resources, env_vars, auth_policy
        self.model_id, self.prompts = model_id, prompts
        self.others = {name: value for name, value in kwargs.items() if name not in _SIGNATURE_FLAGS}
        """What else the file says: kept as it is."""

    def add_flavor(self, name: str, **params: Any) -> Self:
        """Add a flavor with its settings, or replace it."""
        self.flavors[name] = params
        return self

    def get_input_schema(self) -> Schema | None:
        """Its inputs."""
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Schema | None:
        """Its outputs."""
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> ParamSchema | None:
        """What parameters ``predict`` takes beside the input."""
        return self.signature.params if self.signature else None

    def get_serving_input(self, path: str) -> str | None:
        """The example as the body of a request to a scoring server; None when there is none."""
        name = (self.saved_input_example_info or {}).get("serving_input_path")
        return (Path(path) / name).read_text(encoding="utf-8") if name else None

    def to_dict(self) -> dict[str, Any]:
        """The keys of the file."""
        found: dict[str, Any] = {
            "flavors": self.flavors,
            "mlflow_version": self.mlflow_version,
            "model_id": self.model_id,
            "model_uuid": self.model_uuid,
            "prompts": self.prompts,
            "utc_time_created": self.utc_time_created,
            **self.others,
        }
        optional = {
            "artifact_path": self.artifact_path,
            "run_id": self.run_id,
            "metadata": self.metadata,
            "model_size_bytes": self.model_size_bytes,
            "saved_input_example_info": self.saved_input_example_info,
            "resources": self.resources,
            "env_vars": self.env_vars,
            "auth_policy": self.auth_policy,
        }
        found |= {name: value for name, value in optional.items() if value is not None}
        if self.signature is not None:
            found["signature"] = self.signature.to_dict()
            found["is_signature_from_type_hint"] = self.signature._is_signature_from_type_hint
            found["type_hint_from_example"] = self.signature._is_type_hint_from_example
        return found

    def to_yaml(self, stream: Any = None) -> Any:
        """The text of the file; written to a stream when one is given."""
        return yaml.dump(self.to_dict(), stream=stream, Dumper=_Dumper, default_flow_style=False, allow_unicode=True)

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict(), default=_as_plain)

    def save(self, path: str) -> None:
        """Write the file."""
        Path(path).write_text(self.to_yaml(), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read an MLmodel file.

        Raises
        ------
        InvalidParameter: It is not there, or is not the description of a model.
        """
        text = ""
        try:
            text = file.read_text(encoding="utf-8")
            described = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (the safe loader, in C where there is one)
        except (FileNotFoundError, NotADirectoryError):
            raise InvalidParameter(
                f"{str(file.parent)!r} is not a model's folder: it has no file called {MLMODEL}."
            ) from None
        except (yaml.YAMLError, ValueError, RecursionError, OSError) as problem:
            reason = in_a_line(problem, text)
            raise InvalidParameter(f"{str(file)!r} cannot be read as a model's description: {reason}.") from None
        if not isinstance(described, dict) or not isinstance(described.get("flavors"), dict):
            raise InvalidParameter(f"{str(file)!r} is not the description of a model: it names no flavors.")
        try:
            return cls.from_dict(described)
        except TypeError as problem:
            raise InvalidParameter(f"{str(file)!r} cannot be read as a model's description: {problem}.") from None

    @classmethod
    def from_dict(cls, model_dict: Mapping[str, Any]) -> Self:
        """A description from the keys of a file."""
        fields = dict(model_dict)
        described = fields.pop("signature", None)
        if isinstance(described, Mapping):
            flags = {name: fields.get(name, False) for name in _SIGNATURE_FLAGS}
            fields["signature"] = ModelSignature.from_dict({**described, **flags})
        fields.setdefault("model_uuid", None)
        fields.setdefault("mlflow_version", None)
        return cls(**fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MLmodel) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.to_yaml())
