"""Pipelines of Transformers over texts, with tiny models."""

from typing import Any

from tests.flavors.examples import Example
from tests.transformers import media, tiny

TEXTS = ["hello world", "bad a b"]
MASKED = ["hello [MASK] .", "[MASK] is good"]
LABELS = ["good", "bad"]
ABOUT = {"sequences": TEXTS[0], "candidate_labels": LABELS, "hypothesis_template": "this example is {}"}


def _labels(pipeline: Any, rows: Any) -> Any:
    return [[one["label"], one["score"]] for one in pipeline(rows)]


def _words(pipeline: Any, rows: Any) -> Any:
    return [one[0]["token_str"] for one in pipeline(rows)]


def _entities(pipeline: Any, rows: Any) -> Any:
    return [",".join(one["entity"] for one in text) for text in pipeline(rows)]


def _pictured(pipeline: Any, rows: Any) -> Any:
    return [[str(value) for label in labels for value in label.values()] for labels in pipeline(rows)]


def _spoken(pipeline: Any, rows: Any) -> Any:
    return [pipeline(rows)["text"]]


def _written(pipeline: Any, rows: Any) -> Any:
    return [one[0]["generated_text"] for one in pipeline(rows, max_new_tokens=3, do_sample=False)]


def _ranked(pipeline: Any, rows: Any) -> Any:
    found = pipeline(**rows)
    return [[found["sequence"], label, score] for label, score in zip(found["labels"], found["scores"], strict=True)]


EXAMPLES = [
    Example(
        "classification",
        lambda: tiny.texts("text-classification", tiny.classifier()),
        TEXTS,
        _labels,
        forms=tiny.forms(TEXTS),
    ),
    Example(
        "parts",
        lambda: {"model": tiny.classifier(), "tokenizer": tiny.tokenizer()},
        TEXTS,
        lambda given, rows: _labels(
            tiny.texts("text-classification", given["model"]) if isinstance(given, dict) else given, rows
        ),
        options={"task": "text-classification"},
    ),
    Example(
        "fill-mask",
        lambda: tiny.texts("fill-mask", tiny.bert("BertForMaskedLM")),
        MASKED,
        _words,
        forms=tiny.forms(MASKED),
    ),
    Example(
        "tokens",
        lambda: tiny.texts("token-classification", tiny.bert("BertForTokenClassification", num_labels=2)),
        TEXTS,
        _entities,
        forms=tiny.forms(TEXTS),
    ),
    Example(
        "generation",
        lambda: tiny.texts("text-generation", tiny.gpt()),
        TEXTS,
        _written,
        forms=tiny.forms(TEXTS),
        options={"model_config": {"max_new_tokens": 3, "do_sample": False}},
    ),
    Example(
        "features",
        lambda: tiny.texts("feature-extraction", tiny.bert()),
        TEXTS[:1],
        lambda pipeline, rows: pipeline(rows)[0][0],
    ),
    Example("images", media.image_classifier, [media.picture()] * 2, _pictured),
    Example(
        "sounds",
        media.sound_classifier,
        media.SAMPLES,
        lambda pipeline, rows: [[one["score"], one["label"]] for one in pipeline(rows)],
        options={"input_example": media.SAMPLES},
    ),
    Example("speech", media.speech, media.SAMPLES, _spoken, options={"input_example": media.SAMPLES}),
    Example("zero-shot", lambda: tiny.texts("zero-shot-classification", tiny.entailment()), ABOUT, _ranked),
]
