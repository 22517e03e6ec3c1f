"""What a model says must be installed, and what is."""

from runyard.core.credentials import shown_address
from runyard.exceptions import InvalidParameter
from runyard.models.environment.files import CONDA, REQUIREMENTS
from runyard.models.loading import local_folder


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
