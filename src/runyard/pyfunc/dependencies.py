"""What a model says must be installed, and what is."""

from importlib import metadata
from pathlib import Path

from runyard.core.credentials import shown_address
from runyard.exceptions import InvalidParameter
from runyard.models.environment.files import CONDA, REQUIREMENTS
from runyard.models.environment.requirements import name_of
from runyard.models.loading import local_folder

_FRAMEWORKS = ("mlflow", "mlflow-skinny", "runyard")


def get_model_dependencies(model_uri: str, format: str = "pip") -> str:  # noqa: A002  (MLflow's name)
    """The path of the file that says what must be installed to load a model.

    Parameters
    ----------
    format: ``pip`` for a file of requirements, ``conda`` for a conda environment.

    Raises
    ------
    InvalidParameter: The format is not one of these, or the model has no such file.
    """
    names = {"pip": REQUIREMENTS, "conda": CONDA}
    if format not in names:
        raise InvalidParameter(f"Invalid format {format!r}: use 'pip' or 'conda'.")
    file = local_folder(model_uri) / names[format]
    if not file.exists():
        raise InvalidParameter(f"The model at {shown_address(model_uri)!r} has no {names[format]}.")
    return str(file)


def mismatches(folder: Path) -> list[str]:
    """Packages whose installed version is another than the one a model names, in words."""
    try:
        lines = (folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    found = []
    for line in lines:
        name, pinned, wanted = line.partition("==")
        if not pinned or name_of(name) in _FRAMEWORKS:
            continue
        try:
            installed = metadata.version(name.partition("[")[0].strip()).partition("+")[0]
        except metadata.PackageNotFoundError:
            found.append(f"{line.strip()} is not installed")
            continue
        if installed != wanted.strip().partition(";")[0].strip():
            found.append(f"{line.strip()}, installed is {installed}")
    return found
