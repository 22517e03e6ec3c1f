"""Templates into which the texts of predictions are put."""

import string
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.transformers.kinds import Kind


def check_template(template: Any, task: str, kind: Kind | None) -> None:
    """Check that it is a text with one place for the prompt, and that such a pipeline takes one.

    Raises
    ------
    InvalidParameter: It is not, or the pipeline does not.
    """
    if template is None:
        return
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except (TypeError, ValueError):
        fields = []
    if fields != ["prompt"]:
        raise InvalidParameter(
            f"prompt_template is a text with {{prompt}} in it, once, and no other field: {template!r}."
        )
    if kind is None or not kind.has_templates:
        raise InvalidParameter(f"A pipeline for {task!r} takes no prompt_template.")


def with_template(model_config: dict[str, Any] | None, template: str | None, task: str) -> dict[str, Any]:
    """The arguments of predictions: the answer alone where a template would come back with it."""
    alone = {"return_full_text": False} if template and task == "text-generation" else {}
    return {**alone, **(model_config or {})}
