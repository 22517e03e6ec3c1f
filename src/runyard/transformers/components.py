"""The parts of a pipeline beside its model: tokenizers and what makes numbers of images and sounds."""

from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy

transformers = lazy("transformers")

_LOADERS = {
    "feature_extractor": "AutoFeatureExtractor",
    "tokenizer": "AutoTokenizer",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
}
"""Part → the class of Transformers that finds out which class it has."""
COMPONENTS = tuple(_LOADERS)
PROCESSOR = "processor"


def loaded_component(name: str, place: Path | str, kind: str | None = None, **options: Any) -> Any:
    """A part, from its folder or from a repository of the hub.

    Parameters
    ----------
    kind: The name of its class, where it is known.
    options: For the class's ``from_pretrained``, such as ``revision``.
    """
    own: Any = getattr(transformers, kind, None) if kind else None
    found = own if hasattr(own, "from_pretrained") else getattr(transformers, _LOADERS[name])
    return found.from_pretrained(str(place), **options)
