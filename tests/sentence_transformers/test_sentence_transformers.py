"""What the contract of flavors does not say of Sentence Transformers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runyard
from runyard.exceptions import InvalidParameter
from tests.sentence_transformers.examples import TEXTS, embedder

NONE: dict[str, Any] = {"pip_requirements": []}


def saved(**options: Any) -> Any:
    """The model, saved and loaded as a pyfunc."""
    runyard.sentence_transformers.save_model(embedder(), "model", **NONE, **options)
    return runyard.pyfunc.load_model("model")


def test_options_of_encode_are_kept(store: Path) -> None:
    """Each prediction uses them; parameters of the signature override them."""
    signature = runyard.models.infer_signature(TEXTS, embedder().encode(TEXTS), {"normalize_embeddings": True})
    plain = saved(inference_config={"normalize_embeddings": True})
    assert np.linalg.norm(plain.predict(TEXTS), axis=1) == pytest.approx([1, 1])
    assert json.loads((store / "model" / "inference_config").read_text()) == {"normalize_embeddings": True}

    runyard.sentence_transformers.save_model(embedder(), "other", signature=signature, **NONE)
    loaded = runyard.pyfunc.load_model("other")
    assert np.linalg.norm(loaded.predict(TEXTS), axis=1) == pytest.approx([1, 1])
    raw = loaded.predict(TEXTS, params={"normalize_embeddings": False})
    np.testing.assert_allclose(raw, embedder().encode(TEXTS), rtol=1e-5)


def test_a_model_answers_as_a_service(store: Path) -> None:
    """For a request, a list of texts in one, and a table of requests."""
    loaded = saved(task="llm/v1/embeddings")

    answer = loaded.predict({"input": TEXTS})
    np.testing.assert_allclose([one["embedding"] for one in answer["data"]], embedder().encode(TEXTS), rtol=1e-5)
    assert answer["usage"] == {"prompt_tokens": 9, "total_tokens": 9}
    assert len(loaded.predict(pd.DataFrame({"input": TEXTS}))["data"]) == 2
    assert loaded.metadata.metadata == {"task": "llm/v1/embeddings"}


def test_mistakes_are_told(store: Path) -> None:
    """Other objects, other tasks, and inputs that are not texts."""
    with pytest.raises(InvalidParameter, match="model is a SentenceTransformer, not object"):
        runyard.sentence_transformers.save_model(object(), "model", **NONE)
    with pytest.raises(InvalidParameter, match="task is 'llm/v1/embeddings' or left out"):
        saved(task="nonsense")
    with pytest.raises(InvalidParameter, match="takes texts"):
        saved(signature=False).predict([1])
