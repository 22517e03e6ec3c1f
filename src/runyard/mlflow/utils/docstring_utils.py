"""``mlflow.utils.docstring_utils``: docstrings of flavors, in which the words for common parameters are filled in."""

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Documented = TypeVar("Documented", bound=Callable[..., Any] | type)

_PLACE = re.compile(r"^(?P<indent>[ \t]*)(?P<before>.*?)\{\{\s*(?P<name>\w+)\s*\}\}", re.MULTILINE)


class ParamDocs(dict[str, str]):
    """The words for parameters, by their names."""

    def format(self, **kwargs: Any) -> "ParamDocs":
        """The words with values in the places ``{{ name }}``."""
        return ParamDocs({name: _filled(words, kwargs) for name, words in self.items()})

    def format_docstring(self, docstring: str) -> str:
        """A docstring with the words in the places ``{{ name }}``."""
        return _filled(docstring, self)


def _filled(text: str, words: Mapping[str, Any]) -> str:
    """A text with words in its places; further lines of them are set in below the first."""

    def fill(found: re.Match[str]) -> str:
        if found["name"] not in words:
            return found[0]
        first, _, more = str(words[found["name"]]).partition("\n")
        lines = textwrap.indent(textwrap.dedent(more), found["indent"] + " " * 4)
        return f"{found['indent']}{found['before']}{first}" + (f"\n{lines}" if more else "")

    before = None
    while before != text:
        before, text = text, _PLACE.sub(fill, text)
    return text


def format_docstring(param_docs: Mapping[str, str]) -> Callable[[Documented], Documented]:
    """A decorator that fills the words for parameters into a docstring, in the places ``{{ name }}``."""

    def decorate(documented: Documented) -> Documented:
        documented.__doc__ = ParamDocs(param_docs).format_docstring(inspect.getdoc(documented) or "")
        return documented

    return decorate


def docstring_version_compatibility_warning(integration_name: str) -> Callable[[Documented], Documented]:
    """A decorator for flavors of a library; it changes nothing."""
    return _unchanged


def _unchanged(documented: Documented) -> Documented:
    return documented


LOG_MODEL_PARAM_DOCS = ParamDocs(
    {
        "name": "The logged model's name.",
        "artifact_path": "What version 2 calls the name.",
        "conda_env": "A conda environment, as a dictionary or a file of one.",
        "pip_requirements": "What to install to load the model, as a list or a file; inferred when left out.",
        "extra_pip_requirements": "What to install besides what is inferred.",
        "code_paths": "Files and folders of Python modules that the model needs.",
        "code_path": "Files and folders of Python modules that the model needs.",
        "signature": "The model's inputs and outputs; inferred from the example when left out.",
        "input_example": "An example of the input.",
        "metadata": "Data to store with the model.",
        "registered_model_name": "The registered model to add it to; created if it does not exist.",
        "await_registration_for": "Seconds to wait until the version is ready.",
        "prompt_template": "A text with a place for the input.",
        "prompts": "Prompts that the model uses.",
        "extra_files": "Files to keep with the model.",
    }
)
"""What parameters of ``log_model`` are called in the docstrings of flavors."""
