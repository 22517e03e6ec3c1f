"""Models of Sentence Transformers, with tiny transformers."""

import functools
import tempfile
from pathlib import Path
from typing import Any

from sentence_transformers.sentence_transformer import modules

import sentence_transformers
from tests.flavors.examples import Example
from tests.transformers import tiny

TEXTS = ["hello world", "bad a b"]


@functools.cache
def checkpoint() -> str:
    """A folder with a transformer and its tokenizer, the same in each process."""
    folder = Path(tempfile.gettempdir(), "tiny-sentences-of-tests")
    if not (folder / "config.json").exists():
        tiny.bert().save_pretrained(folder)
        tiny.tokenizer().save_pretrained(folder)
    return str(folder)


def embedder() -> Any:
    """Makes 8 numbers of each text."""
    parts = [modules.Transformer(checkpoint()), modules.Pooling(8)]
    return sentence_transformers.SentenceTransformer(modules=parts, device="cpu")


def _encoded(model: Any, rows: Any) -> Any:
    return model.encode(rows)


EXAMPLES = [
    Example("embedder", embedder, TEXTS, _encoded, forms=tiny.forms(TEXTS), tolerance=1e-5),
]
