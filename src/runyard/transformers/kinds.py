"""Pipelines that predict as a pyfunc: what each takes, what it gives, and the signature it has for want of another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.libraries import np
from runyard.models.signature import ModelSignature
from runyard.transformers import inputs, media, outputs
from runyard.types.schema import ColSpec, Schema, TensorSpec


@dataclass(frozen=True)
class Kind:
    """A kind of pipeline.

    Attributes
    ----------
    prepare: Makes of an input of pyfunc a list of what the pipeline takes.
    shape: Makes of a list of what the pipeline gives what pyfunc gives.
    takes, gives: Columns of its signature: names with types, or a type alone. None of `gives` stands for a tensor.
    has_templates: Whether its texts can be put into a template.
    """

    prepare: Callable[[Any], list[Any]]
    shape: Callable[[Sequence[Any]], Any]
    takes: Mapping[str, str] | str = "string"
    gives: Mapping[str, str] | str | None = "string"
    has_templates: bool = False

    def signature(self) -> ModelSignature:
        """The one it has for want of another."""
        return ModelSignature(_schema(self.takes), _schema(self.gives))


def _schema(columns: Mapping[str, str] | str | None) -> Schema:
    if columns is None:
        return Schema([TensorSpec(np.dtype("float64"), (-1,))])
    if isinstance(columns, str):
        return Schema([ColSpec(columns)])
    return Schema([ColSpec(kind, name) for name, kind in columns.items()])


_LABELS = {"label": "string", "score": "double"}
_LABELED = {"sequences": "string", "candidate_labels": "string", "hypothesis_template": "string"}
_QUESTIONS = {"question": "string", "context": "string"}
_TABLE_QUESTIONS = {"query": "string", "table": "string"}
_SCORES = {"score": "double", "label": "string"}
_RANKED = {"sequence": "string", "labels": "string", "scores": "double"}

KINDS: dict[str, Kind] = {
    "TextClassificationPipeline": Kind(inputs.text_pairs, outputs.labels, gives=_LABELS),
    "TokenClassificationPipeline": Kind(inputs.texts, outputs.entities),
    "FillMaskPipeline": Kind(inputs.texts, outputs.masked, has_templates=True),
    "FeatureExtractionPipeline": Kind(inputs.texts, outputs.features, gives=None, has_templates=True),
    "TextGenerationPipeline": Kind(inputs.texts_or_chats, outputs.generated, has_templates=True),
    "ZeroShotClassificationPipeline": Kind(inputs.labeled, outputs.ranked, takes=_LABELED, gives=_RANKED),
    "QuestionAnsweringPipeline": Kind(inputs.questions, outputs.answers, takes=_QUESTIONS),
    "TableQuestionAnsweringPipeline": Kind(inputs.table_questions, outputs.answers, takes=_TABLE_QUESTIONS),
    "SummarizationPipeline": Kind(inputs.texts, outputs.generated, has_templates=True),
    "TranslationPipeline": Kind(inputs.texts, outputs.generated),
    "Text2TextGenerationPipeline": Kind(inputs.texts, outputs.generated, has_templates=True),
    "ImageClassificationPipeline": Kind(media.images, outputs.labels, gives=_LABELS),
    "AudioClassificationPipeline": Kind(media.sounds, outputs.labels_of_sounds, takes="binary", gives=_SCORES),
    "AutomaticSpeechRecognitionPipeline": Kind(media.sounds, outputs.spoken, takes="binary"),
}
"""By the name of the pipeline's class. Some are there in version 4 of Transformers only."""


def kind_of(pipeline: Any) -> Kind | None:
    """The kind that a pipeline is of; None for one that does not predict as a pyfunc."""
    names = (one.__name__ for one in type(pipeline).__mro__)
    return next((KINDS[name] for name in names if name in KINDS), None)
