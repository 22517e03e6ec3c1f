"""What a saved model needs, whatever its flavor."""

from collections.abc import Sequence

from runyard.flavors.table import FLAVORS
from runyard.models.loading import local_folder, read_flavor
from runyard.pyfunc.inference import imported_by, needed


def infer_pip_requirements(model_uri: str, flavor: str, fallback: Sequence[str] | None = None) -> list[str]:
    """What must be installed to use a saved model, found by loading it in a process of its own.

    Parameters
    ----------
    model_uri: The model.
    flavor: The flavor that it is loaded with, such as ``sklearn``; that of another package too, if the model has it.
    fallback: What to give when the model cannot be loaded.

    Raises
    ------
    InvalidParameter: There is no such flavor, or no such model.
    """
    folder = local_folder(model_uri)
    if flavor in FLAVORS:
        library = FLAVORS[flavor].library
    else:
        read_flavor(folder, flavor)
        library = ""
    imports, is_whole = imported_by(folder)
    if fallback is not None and not is_whole:
        return list(fallback)
    return needed(imports, [library] if library else [])
