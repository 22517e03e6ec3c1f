"""A model of Sentence Transformers as a pyfunc."""

from collections.abc import Mapping
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.transformers.inputs import rows, texts
from runyard.transformers.services import embeddings_answer


class SentenceTransformerModel:
    """Makes a vector of each text.

    Parameters
    ----------
    model: A `SentenceTransformer`.
    options: Arguments of each ``encode``; parameters of a prediction override them.
    task: ``llm/v1/embeddings`` to answer as such a service does.
    """

    def __init__(self, model: Any, options: Mapping[str, Any] | None = None, task: str | None = None) -> None:
        self.model, self.options, self.task = model, dict(options or {}), task

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """An array of a vector for each text; for a service its answer.

        Raises
        ------
        InvalidParameter: Something is not a text, or a parameter is not one of ``encode``.
        """
        found = _inputs(data) if self.task else texts(data)
        try:
            vectors = self.model.encode(found, **{**self.options, **(params or {})})
        except (TypeError, ValueError) as problem:
            raise InvalidParameter(f"The model does not take this input, or a parameter: {problem}") from problem
        return embeddings_answer(vectors, self.model.tokenizer, found) if self.task else vectors

    def get_raw_model(self) -> Any:
        """The model."""
        return self.model


def _inputs(data: Any) -> list[str]:
    """The texts of requests: what is called ``input`` in them, a text or a list."""
    found = [one["input"] if isinstance(one, Mapping) and "input" in one else one for one in rows(data)]
    return [text for one in found for text in texts(one)]
