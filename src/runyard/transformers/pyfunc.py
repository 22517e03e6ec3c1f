"""A pipeline of Transformers as a pyfunc."""

from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.transformers.kinds import Kind, kind_of

pipelines = lazy("transformers.pipelines")

_NOT_FOR_PIPELINES = {"include_prompt", "collapse_whitespace"}
"""Settings for pipelines that came with older models; those of Transformers do not take them."""


class TransformersModel:
    """Predicts with a pipeline.

    Parameters
    ----------
    pipeline: The pipeline.
    model_config: Keyword arguments of each call; parameters of a prediction override them.
    prompt_template: A text with ``{prompt}`` in it, into which each text is put.

    Raises
    ------
    RunyardException: This kind of pipeline does not predict as a pyfunc.
    """

    def __init__(
        self, pipeline: Any, model_config: Mapping[str, Any] | None = None, prompt_template: str | None = None
    ) -> None:
        kind = kind_of(pipeline)
        if kind is None:
            raise RunyardException(
                f"A {type(pipeline).__name__} does not predict as a pyfunc. Use what transformers.load_model gives."
            )
        self.pipeline, self.model_config, self.prompt_template = pipeline, dict(model_config or {}), prompt_template
        self._kind: Kind = kind

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the pipeline gives for each input, in the shape of its kind.

        Raises
        ------
        InvalidParameter: The pipeline does not take the input, or a parameter.
        """
        given = self._kind.prepare(data)
        if not given:
            raise InvalidParameter("The input is empty: there is nothing to predict.")
        options = {**self.model_config, **(params or {})}
        return self._kind.shape(self.called([self._filled(one) for one in given], options))

    def called(self, given: list[Any], options: Mapping[str, Any]) -> list[Any]:
        """What the pipeline gives for each of these.

        Raises
        ------
        InvalidParameter: The pipeline does not take one of them, or an option.
        """
        taken = {name: value for name, value in options.items() if name not in _NOT_FOR_PIPELINES}
        try:
            if given and all(isinstance(one, dict) and "candidate_labels" in one for one in given):
                return [self.pipeline(**{**taken, **one}) for one in given]
            return list(self.pipeline(given, **taken))
        except (TypeError, ValueError, pipelines.PipelineException) as problem:
            named = f", or a parameter of {', '.join(map(repr, taken))}" if taken else ""
            raise InvalidParameter(
                f"The {type(self.pipeline).__name__} does not take this input{named}: {' '.join(str(problem).split())}"
            ) from problem

    def _filled(self, one: Any) -> Any:
        return self.prompt_template.format(prompt=one) if self.prompt_template and isinstance(one, str) else one

    def get_raw_model(self) -> Any:
        """The pipeline."""
        return self.pipeline
