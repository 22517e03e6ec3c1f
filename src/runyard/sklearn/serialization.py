"""Estimators as files: skops, which runs no code when it is loaded, and pickles, which may."""

import logging
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import InvalidParameter, MissingPackage
from runyard.models.environment.mismatches import unreadable
from runyard.models.unpickler import ModelUnpickler
from runyard.pyfunc.folder import Folder

skops = lazy("skops.io")

SKOPS, PICKLE, CLOUDPICKLE = FORMATS = ("skops", "pickle", "cloudpickle")

log = logging.getLogger(__name__)


def check_format(given: str | None) -> None:
    """Check the format that a caller asks for; None leaves it to us.

    Raises
    ------
    InvalidParameter: There is no such format.
    """
    if given is not None and given not in FORMATS:
        raise InvalidParameter(f"Unrecognized serialization format {given!r}: use one of {', '.join(FORMATS)}.")


def format_for(model: Any, trusted: Sequence[str] | None) -> str:
    """skops where it is installed and can hold the model, else cloudpickle, with a warning.

    Parameters
    ----------
    trusted: Types that skops may load besides those it knows to be harmless.
    """
    try:
        required("skops.io", "Saving models as skops")
    except MissingPackage:
        log.warning("The model is saved with cloudpickle: for the safer format, pip install skops.")
        return CLOUDPICKLE
    try:
        untrusted = set(skops.get_untrusted_types(data=skops.dumps(model))) - set(trusted or ())
    except Exception as problem:  # noqa: BLE001  (third-party classes may fail in any way)
        untrusted = {f"{type(problem).__name__}: {problem}"}
    if not untrusted:
        return SKOPS
    log.warning(
        "The model is saved with cloudpickle, whose files may run code when they are loaded: skops does not know %s to "
        "be harmless. Name them in skops_trusted_types to save with skops.",
        ", ".join(sorted(untrusted)[:5]),
    )
    return CLOUDPICKLE


def write_estimator(model: Any, folder: Folder, chosen: str, trusted: Sequence[str] | None) -> str:
    """Write an estimator into a model's folder, which then needs what reads it. The name of its file.

    Raises
    ------
    InvalidParameter: The format cannot hold it.
    """
    name = "model.skops" if chosen == SKOPS else "model.pkl"
    folder.packages += [] if chosen == PICKLE else [chosen]
    try:
        if chosen == SKOPS:
            _dump_skops(model, folder.path / name, trusted)
        else:
            (folder.path / name).write_bytes(_pickler(chosen).dumps(model))
    except (pickle.PicklingError, TypeError, AttributeError) as problem:
        raise InvalidParameter(
            f"The model cannot be saved as {chosen}: {problem}. Choose another serialization_format, or move what it "
            "needs to a module and name that in code_paths."
        ) from None
    return name


def read_estimator(folder: Path, file: Path, settings: Mapping[str, Any]) -> Any:
    """The estimator in a file. Pickles run the code that is in them: only load models of people you trust.

    Parameters
    ----------
    folder: The model's folder.
    settings: The flavor's, with the format and the types that skops may load.

    Raises
    ------
    RunyardException: It cannot be read.
    """
    try:
        if settings.get("serialization_format") == SKOPS or file.suffix == ".skops":
            return skops.load(file, trusted=settings.get("skops_trusted_types") or [])
        with file.open("rb") as opened:
            return ModelUnpickler(opened).load()
    except Exception as problem:  # other versions of libraries may fail in any way
        raise unreadable(folder, file, problem) from problem


def _dump_skops(model: Any, file: Path, trusted: Sequence[str] | None) -> None:
    required("skops.io", "Saving models as skops")
    skops.dump(model, file)
    untrusted = sorted(set(skops.get_untrusted_types(file=file)) - set(trusted or ()))
    if untrusted:
        raise InvalidParameter(
            f"skops does not know these types to be harmless: {', '.join(untrusted)}. If you do, name them in "
            "skops_trusted_types; or choose the serialization_format cloudpickle."
        )


def _pickler(chosen: str) -> Any:
    if chosen == PICKLE:
        return pickle
    return required("cloudpickle", "Saving models with cloudpickle")
