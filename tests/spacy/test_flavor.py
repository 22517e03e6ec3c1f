"""What is checked of pipelines of spaCy and of the texts they take."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import runyard
import spacy
from runyard.exceptions import InvalidParameter, RunyardException
from tests.flavors.examples import described
from tests.spacy.examples import ROWS, categorizer

NONE: dict[str, Any] = {"pip_requirements": []}


def test_other_pipelines_are_not_pyfuncs(store: Path) -> None:
    """They are saved and loaded as spaCy's own; the message tells which flavor they have."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    runyard.spacy.save_model(nlp, "model", **NONE)

    assert ["spacy"] == list(described(store / "model")["flavors"])
    assert 2 == len(list(runyard.spacy.load_model("model")("One. Two.").sents))
    with pytest.raises(RunyardException, match="spacy"):
        runyard.pyfunc.load_model("model")


@pytest.mark.parametrize("given", [object(), "en_core_web_sm"])
def test_what_is_not_a_pipeline_is_refused(given: Any, store: Path) -> None:
    """A name of one is not, either."""
    with pytest.raises(InvalidParameter, match="a Language, not"):
        runyard.spacy.save_model(given, "model", **NONE)

    assert not (store / "model").exists()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (ROWS.assign(other=1), "one column of texts, not text, other"),
        (pd.DataFrame({"text": [1]}), "not int: 1"),
        ({"text": "good"}, "not dict"),
    ],
)
def test_what_is_not_texts_is_told(data: Any, told: str, store: Path) -> None:
    """Rather than what the tokenizer says of it."""
    runyard.spacy.save_model(categorizer(), "model", **NONE)

    with pytest.raises(InvalidParameter, match=told):
        runyard.pyfunc.load_model("model").predict(data)


def test_the_learned_categories_are_kept(store: Path) -> None:
    """A word that was learned is recognized after loading."""
    runyard.spacy.save_model(categorizer(), "model", **NONE)
    loaded = runyard.pyfunc.load_model("model")

    scores = loaded.predict("a good day")["predictions"][0]
    assert scores["POSITIVE"] > scores["NEGATIVE"]
