"""Pipelines of spaCy, made here: nothing is fetched."""

import random
from typing import Any

import pandas as pd
from spacy.training import Example as Training

import spacy
from tests.flavors.examples import Example

_WORDS = {"POSITIVE": "good great fine lovely", "NEGATIVE": "bad poor sad awful"}
ROWS = pd.DataFrame({"text": ["a good day", "an awful day", "such a lovely and fine evening", "sad"]})


def categorizer(kind: str = "textcat") -> Any:
    """A pipeline that has learned which words are good and which are bad."""
    random.seed(1)
    spacy.util.fix_random_seed(1)
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe(kind)
    for label in _WORDS:
        pipe.add_label(label)
    texts = [(f"a {word} day", label) for label, words in _WORDS.items() for word in words.split()]
    examples = [
        Training.from_dict(nlp.make_doc(text), {"cats": {name: float(name == label) for name in _WORDS}})
        for text, label in texts
    ]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(10):
        nlp.update(examples, sgd=optimizer)
    return nlp


def _native(nlp: Any, rows: Any) -> Any:
    return pd.DataFrame({"predictions": [nlp(text).cats for text in rows["text"]]})


EXAMPLES = [
    Example("one-category", categorizer, ROWS, _native, forms={"list": ROWS["text"].tolist()}),
    Example("several-categories", lambda: categorizer("textcat_multilabel"), ROWS, _native),
]
