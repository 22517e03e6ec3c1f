"""Finding a model's files: from any address to a folder of this machine, and to the code that reads them."""

import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlunsplit

import yaml

from runyard.artifacts.addresses import address_parts, local_path
from runyard.artifacts.transfers import download_artifacts
from runyard.client import RunyardClient
from runyard.client.addresses import folder_and_name, located
from runyard.core.credentials import shown_address
from runyard.core.model_uri import is_model_uri, parse_model_uri
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.models.mlmodel import MLMODEL, MLmodel
from runyard.models.modules import OwnModules, own_modules

if TYPE_CHECKING:
    from runyard.tracking.logged_models.entities import LoggedModel

REGISTERED_META = "registered_model_meta"
THEIR_PACKAGE, OUR_PACKAGE = "mlflow", "runyard"


def local_folder(model_uri: str | Path, dst_path: str | None = None) -> Path:
    """A model's folder on this machine; fetched when it is elsewhere.

    Parameters
    ----------
    model_uri: A path, ``file:``, ``runs:/<run id>/<path>``, ``models:/…`` in any form, ``s3:``, ``mlflow-artifacts:``,
        or the http(s) address of a server's artifacts.
    dst_path: The folder to put it in; created if it does not exist. A new temporary one when left out.

    Raises
    ------
    DoesNotExist: There is nothing.
    """
    uri = _folder_of(os.fspath(model_uri))
    folder = local_path(uri) if address_parts(uri).scheme else Path(uri)
    if folder is not None and dst_path is None:
        if not folder.exists():
            raise DoesNotExist(f"There is no model at {str(folder)!r}. Check the path.")
        return folder.absolute()
    if dst_path is not None:
        Path(dst_path).mkdir(parents=True, exist_ok=True)
    client = RunyardClient()
    place, name = folder_and_name(client, *located(client, uri))
    fetched = Path(download_artifacts(place, name, dst_path or tempfile.mkdtemp(prefix="runyard-")))
    if is_model_uri(uri) and fetched.is_dir():
        _note_registration(client, uri, fetched)
    return fetched


def _note_registration(client: RunyardClient, uri: str, folder: Path) -> None:
    """Write beside the files which registered version they are, as MLflow's clients do."""
    wanted = parse_model_uri(uri)
    if wanted.path:
        return
    version = None if wanted.model_id else client.resolved_version(wanted).version
    meta = {"model_name": wanted.name or None, "model_version": version}
    (folder / REGISTERED_META).write_text(yaml.safe_dump(meta), encoding="utf-8")


def _folder_of(uri: str) -> str:
    """The address of a model's folder, for the address of its description too."""
    parts = address_parts(uri)
    folder, _, name = parts.path.rpartition("/")
    if name != MLMODEL or (not parts.scheme and not Path(uri).is_file()):
        return uri
    return urlunsplit(parts._replace(path=folder)) if parts.scheme else folder or "."


def described_at(model_uri: str) -> MLmodel:
    """The description of the model at an address; only that file is fetched.

    Raises
    ------
    InvalidParameter: There is none, or it is not one.
    """
    model_uri = _folder_of(os.fspath(model_uri))
    folder = local_path(model_uri) if address_parts(model_uri).scheme else Path(model_uri)
    if folder is not None:
        return MLmodel.read(folder / MLMODEL)
    client = RunyardClient()
    root, path = located(client, model_uri)
    repository = client.repository(root)
    with tempfile.TemporaryDirectory() as fetched:
        try:
            return MLmodel.read(Path(download_artifacts(repository, f"{path}/{MLMODEL}".lstrip("/"), fetched)))
        except DoesNotExist:
            shown = shown_address(model_uri)
            raise InvalidParameter(f"{shown!r} is not a model: it has no file called {MLMODEL}.") from None


def logged_model_at(model_uri: str) -> "LoggedModel | None":
    """The logged model that an address names, directly or as a registered version; None for others."""
    if not is_model_uri(model_uri):
        return None
    wanted, client = parse_model_uri(model_uri), RunyardClient()
    try:
        model_id = wanted.model_id or client.resolved_version(wanted).model_id
        return client.get_logged_model(model_id) if model_id else None
    except DoesNotExist:  # a version outlives its logged model
        return None


def read_flavor(folder: Path, flavor: str) -> dict[str, Any]:
    """The settings of a flavor of the model in a folder.

    Raises
    ------
    InvalidParameter: The model does not have it; says which it has.
    """
    model = MLmodel.read(folder / MLMODEL)
    if flavor not in model.flavors:
        raise InvalidParameter(
            f"The model at {str(folder)!r} has no flavor {flavor!r}; it has {', '.join(model.flavors) or 'none'}."
        )
    return model.flavors[flavor]


def loader_named(name: str) -> ModuleType:
    """The module that reads a model. MLflow's modules are ours of the same name, whether MLflow is installed or not.

    Raises
    ------
    RunyardException: It is not here.
    """
    ours = name
    if name == THEIR_PACKAGE or name.startswith(f"{THEIR_PACKAGE}."):
        ours = OUR_PACKAGE + name.removeprefix(THEIR_PACKAGE)
    try:
        return importlib.import_module(ours)
    except ModuleNotFoundError as problem:
        missing = problem.name or ours
        if ours != name and missing.startswith((OUR_PACKAGE, THEIR_PACKAGE)):
            raise RunyardException(f"This version cannot load models of {name!r}: it has no such flavor.") from None
        raise RunyardException(
            f"The model needs the module {missing!r}, which is not installed. Install what its requirements.txt names."
        ) from None


def code_of(folder: Path, settings: dict[str, Any]) -> OwnModules | None:
    """The modules saved with a model; None when there are none."""
    code = settings.get("code")
    place = inside(folder, code) if code else folder
    return own_modules(place, (folder / MLMODEL).read_bytes()) if code and place.is_dir() else None


@contextmanager
def with_code(modules: OwnModules | None) -> Iterator[None]:
    """Meanwhile a model is loaded that has these modules."""
    with modules.loading() if modules else nullcontext():
        yield


def inside(folder: Path, relative: str) -> Path:
    """A path that a description names in the model's folder.

    Raises
    ------
    InvalidParameter: It leads out of it.
    """
    place = (folder / relative).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise InvalidParameter(f"The model at {str(folder)!r} names {relative!r}, which is not in its folder.")
    return place


def file_of(folder: Path, settings: Mapping[str, Any], key: str) -> Path:
    """The file that a flavor's settings name.

    Raises
    ------
    InvalidParameter: They name none, or one outside of the folder.
    DoesNotExist: It is missing.
    """
    relative = settings.get(key)
    if not isinstance(relative, str):
        raise InvalidParameter(f"The model at {str(folder)!r} does not name its file: {key!r} is missing.")
    place = inside(folder, relative)
    if not place.exists():
        raise DoesNotExist(f"The model at {str(folder)!r} lacks its file {relative!r}.")
    return place
