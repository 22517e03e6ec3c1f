"""Libraries that MLflow logs automatically and Runyard does not: programs that use them get a warning."""

from dataclasses import dataclass

from runyard.autologging.reports import warn_once


@dataclass(frozen=True)
class Uncovered:
    """A library that is not watched.

    Parameters
    ----------
    name: What people call it.
    flavor: What MLflow calls it, for ``exclude_flavors``.
    advice: What to do instead.
    """

    name: str
    flavor: str
    advice: str

    def warn(self) -> None:
        """Log the warning once."""
        warn_once(
            self.flavor,
            f"autolog() does not log what is done with {self.name}: Runyard does not watch it. {self.advice} "
            f"(Silence this with autolog(exclude_flavors=[{self.flavor!r}]).)",
        )


_LOG = "Call log_params and log_metrics in your training loop or callbacks"
_BY_HAND = f"{_LOG}, and log_artifact with the saved model, or runyard.pyfunc.log_model."
_LOGGER = f"{_LOG}, or use the library's own MLflow logger; keep the saved model with log_artifact."
_TRACES = "Log what you need as params, metrics, tables or artifacts."

UNCOVERED: dict[str, Uncovered] = {
    "fastai": Uncovered("fastai", "fastai", _BY_HAND),
    "paddle": Uncovered("PaddlePaddle (paddle)", "paddle", _BY_HAND),
    "setfit": Uncovered("SetFit (setfit)", "setfit", _BY_HAND),
    **{
        module: Uncovered(module, module.rpartition(".")[2], _TRACES)
        for module in (
            "ag2 agno anthropic autogen crewai dspy google.genai groq haystack langchain langgraph litellm llama_index "
            "mistralai openai pydantic_ai semantic_kernel smolagents strands"
        ).split()
    },
}
"""A library's module → what to say when a program that called `autolog` has imported it."""
