"""Models that are stored without their weights: they name a repository of the hub, and the revision in it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.client import RunyardClient
from runyard.core.libraries import lazy
from runyard.models.loading import local_folder, logged_model_at, read_flavor
from runyard.models.mlmodel import MLMODEL, MLmodel
from runyard.transformers.declared import FLAVOR
from runyard.transformers.loading import read_parts
from runyard.transformers.saving import COMPONENTS, MODEL
from runyard.transformers.source import Source

hub = lazy("huggingface_hub")


def settings_of_reference(source: Source) -> dict[str, Any]:
    """What the MLmodel file says of a model without weights, besides what it says of any."""
    settings = {"source_model_revision": source.revision}
    for name, one in source.components.items():
        repository = str(getattr(one, "name_or_path", None) or source.name)
        revision = source.revision if repository == source.name else _revision_here(repository)
        settings |= {f"{name}_name": repository, f"{name}_revision": revision}
    return settings


def _revision_here(repository: str) -> str | None:
    """The commit of a repository that is on this machine; None when none of its files is."""
    try:
        found = hub.try_to_load_from_cache(repository, "tokenizer_config.json")
    except ValueError:  # not the name of a repository
        return None
    return Path(found).parent.name if isinstance(found, str) else None


def persist_pretrained_model(model_uri: str) -> None:
    """Store the weights of a model that names a repository of the hub, so that loading it fetches nothing any more.

    Parameters
    ----------
    model_uri: A folder, or the address of a logged model or a registered version.

    Raises
    ------
    InvalidParameter: There is no such model of Transformers.
    """
    logged = logged_model_at(str(model_uri))
    folder = local_folder(model_uri)
    settings = read_flavor(folder, FLAVOR.name)
    if settings.get("model_binary"):
        return
    if logged is None:
        logged = _of_run(folder)
    with tempfile.TemporaryDirectory(prefix="runyard-model-") as scratch:
        place = Path(scratch) / "model"
        shutil.copytree(folder, place)
        _fill(place, settings)
        if logged is None or Path(model_uri).is_dir():
            shutil.copytree(place, folder, dirs_exist_ok=True)
        else:
            RunyardClient().log_model_artifacts(logged.model_id, place)


def _of_run(folder: Path) -> Any:
    model_id = MLmodel.read(folder / MLMODEL).model_id
    return RunyardClient().get_logged_model(model_id) if model_id else None


def _fill(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write what the hub has of a model into its folder, and that it is there."""
    parts = read_parts(folder, settings, {})
    parts["model"].save_pretrained(str(folder / MODEL))
    names = list(settings.get("components") or ())
    for name in names:
        parts[name].save_pretrained(str(folder / COMPONENTS / name))
    model = MLmodel.read(folder / MLMODEL)
    gone = {"source_model_revision", *(f"{name}_{what}" for name in names for what in ("name", "revision"))}
    kept = {key: value for key, value in settings.items() if key not in gone}
    model.flavors[FLAVOR.name] = {**kept, "model_binary": MODEL}
    model.model_size_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    model.save(str(folder / MLMODEL))
