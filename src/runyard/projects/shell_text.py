"""Commands for a shell, put together so that no value becomes code."""

import re
import shlex

_UNSURE = re.compile(r"""['"\\`#]|<<""")
_CLOSED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)


class ShellText:
    """A shell command made of the project's text and of values from outside.

    A value is one quoted argument. After a quote, a backslash, a comment and the like in the text only a shell knows
    what its place means; a value that is more than a word is then kept in a variable, whose content no shell reads as
    code whatever the place is: ``echo "{name}"`` becomes ``_runyard_1='…'; echo "${_runyard_1}"``.
    """

    def __init__(self) -> None:
        self._text = ""
        self._written = ""
        self._variables: list[str] = []

    def __str__(self) -> str:
        return "".join(f"{variable}; " for variable in self._variables) + self._text

    def add(self, text: str) -> None:
        """Go on with text of the project, which is code."""
        self._text += text
        self._written += text

    def add_value(self, value: str) -> None:
        """Go on with a value."""
        quoted = shlex.quote(value)
        if quoted == value or not _UNSURE.search(self._written):
            self._text += quoted
            return
        name = f"_runyard_{len(self._variables) + 1}"
        self._variables.append(f"{name}={quoted}")
        self._text += {"": f'"${{{name}}}"', '"': f"${{{name}}}", "'": f"'\"${{{name}}}\"'"}[self._open_quote()]

    def _open_quote(self) -> str:
        """The quote that the text has opened and not closed, as far as can be known without a shell."""
        found = re.search("['\"]", _CLOSED.sub("", self._written))
        return found[0] if found else ""
