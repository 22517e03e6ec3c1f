"""What a caller says of a model that is saved, whatever its flavor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.models.signature import ModelSignature


@dataclass(frozen=True)
class Options:
    """Options for saving a model of any flavor.

    Attributes
    ----------
    signature: Its inputs and outputs; inferred from the example when left out, not at all when False.
    input_example: An example of the input, or a pair of it and of parameters.
    code_paths: Files and folders of Python modules that it needs.
    conda_env: A conda environment, as a dictionary or a file of one.
    pip_requirements: What to install to load it, as a list or a file of requirements; inferred when left out.
    extra_pip_requirements: What to install besides what is inferred.
    metadata: Data to store with it.
    """

    signature: ModelSignature | bool | None = None
    input_example: Any = None
    code_paths: Sequence[str] | None = None
    conda_env: Mapping[str, Any] | str | None = None
    pip_requirements: Sequence[str] | str | None = None
    extra_pip_requirements: Sequence[str] | str | None = None
    metadata: dict[str, Any] | None = None
