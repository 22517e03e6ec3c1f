"""The model card and the license that are kept with a model, where they are on this machine."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, yaml
from runyard.exceptions import InvalidParameter
from runyard.transformers.source import Source

hub = lazy("huggingface_hub")

CARD, CARD_DATA, LICENSE = "model_card.md", "model_card_data.yaml", "LICENSE.txt"
_LICENSES = ("LICENSE.txt", "LICENSE", "LICENSE.md", "LICENSE.rst")


def write_card(folder: Path, source: Source, given: Any) -> None:
    """Write the model card, its data and the license.

    Nothing is fetched: a card and a license come from the checkpoint, or from what was downloaded of a repository.

    Parameters
    ----------
    given: A `huggingface_hub.ModelCard` or its text; looked for when it is None.

    Raises
    ------
    InvalidParameter: It is something else.
    """
    card = _card(given) if given is not None else _found_card(source)
    data: dict[str, Any] = {}
    if card is not None:
        data = card.data.to_dict()
        (folder / CARD).write_text(card.text, encoding="utf-8")
        (folder / CARD_DATA).write_text(yaml.safe_dump(data), encoding="utf-8")
    license_file = next(filter(None, (_local(source, name) for name in _LICENSES)), None)
    if license_file is not None:
        shutil.copyfile(license_file, folder / LICENSE)
    else:
        (folder / LICENSE).write_text(_notice(source, data), encoding="utf-8")


def _card(given: Any) -> Any:
    if isinstance(given, str):
        return hub.ModelCard(given)
    if not isinstance(given, hub.RepoCard):
        raise InvalidParameter(f"model_card is a ModelCard of huggingface_hub or its text, not {type(given).__name__}.")
    return given


def _found_card(source: Source) -> Any:
    file = _local(source, "README.md")
    return hub.ModelCard(file.read_text(encoding="utf-8"), ignore_metadata_errors=True) if file else None


def _local(source: Source, name: str) -> Path | None:
    """A file of where the weights come from, if it is on this machine."""
    if not source.name:
        return None
    if Path(source.name).is_dir():
        file = Path(source.name, name)
        return file if file.is_file() else None
    try:
        found = hub.try_to_load_from_cache(source.name, name, revision=source.revision)
    except ValueError:  # not the name of a repository
        return None
    return Path(found) if isinstance(found, str) else None


def _notice(source: Source, data: Mapping[str, Any]) -> str:
    """What is written in place of a license."""
    known = data.get("license")
    lines = ["No license file was found for this model."]
    if known:
        lines.append(f"Its model card names this license: {known}")
    if source.name and not Path(source.name).is_dir():
        lines.append(f"See its repository for the terms of use: https://huggingface.co/{source.name}")
    return "\n".join(lines) + "\n"
