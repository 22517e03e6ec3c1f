"""An entry point of a project: its parameters, and the command that runs it."""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runyard.core.limits import MAX_TEXT_VALUE, check_key, check_text, shown
from runyard.exceptions import InvalidParameter, InvalidProject
from runyard.projects.parameters import Parameter
from runyard.projects.shell_text import ShellText

_LINE_END = re.compile(r"(\\\n|\s)+$")
"""What a command of several lines ends with: what is appended belongs to its last line."""


@dataclass(frozen=True)
class EntryPoint:
    """A runnable command of a project.

    Attributes
    ----------
    name: Its name in the MLproject file, or the path of a script.
    command: Template of a shell command, with ``{parameter}`` where values go.
    parameters: The declared parameters by name.
    """

    name: str
    command: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def values(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Every parameter with its text: declared ones first, then the others in the order they were given.

        Raises
        ------
        InvalidProject: A declared parameter has no value, or a value is not of its type.
        """
        missing = [name for name, one in self.parameters.items() if name not in given and one.default is None]
        if missing:
            nulls = [name for name in missing if self.parameters[name].is_null]
            raise InvalidProject(
                f"Entry point {self.name!r} needs values for: {', '.join(map(repr, missing))}. "
                f"Give them as parameters, or with -P {missing[0]}=VALUE."
                + (f" The default of {', '.join(map(repr, nulls))} is null, which is none." if nulls else "")
            )
        chosen = {name: str(given.get(name, one.default)) for name, one in self.parameters.items()}
        chosen |= {str(name): str(value) for name, value in given.items() if name not in self.parameters}
        for name, value in chosen.items():
            _check_storable(name, value)
            if name in self.parameters:
                self.parameters[name].check(value)
        return chosen

    def shell_command(self, values: Mapping[str, str]) -> str:
        """The command for bash. Every value is one quoted argument, whatever it holds.

        Parameters
        ----------
        values: Text of every parameter; paths already lead to files of this machine. Those that are not declared
            follow the command as ``--name value``.

        Raises
        ------
        InvalidProject: The command names a parameter that is not declared, or is not a template.
        """
        further = [name for name in values if name not in self.parameters]
        command = ShellText()
        for text, name in self._pieces(_LINE_END.sub("", self.command) if further else self.command):
            command.add(text)
            if name is not None:
                command.add_value(values[name])
        for name in further:
            command.add(" --")
            command.add_value(name)
            command.add(" ")
            command.add_value(values[name])
        return str(command)

    def _pieces(self, command: str) -> Iterator[tuple[str, str | None]]:
        """Literal text, and the parameter whose value follows it. Nothing of Python's format language but the name."""
        try:
            pieces = list(string.Formatter().parse(command))
        except ValueError as problem:
            raise InvalidProject(
                f"The command of entry point {self.name!r} is not a template: {problem}. Write a literal brace twice."
            ) from None
        for text, name, form, conversion in pieces:
            if name is not None and (name not in self.parameters or form or conversion):
                raise InvalidProject(
                    f"The command of entry point {self.name!r} uses {{{name}}}, which is none of its parameters "
                    f"{list(self.parameters)}. Declare it, or write literal braces twice."
                )
            yield text, name


def _check_storable(name: str, value: str) -> None:
    """Refuse what cannot be logged as a param, before a run is made for it."""
    try:
        check_key("parameters", name)
        check_text(f"Parameter {shown(name)}", value, MAX_TEXT_VALUE)
    except InvalidParameter as problem:
        raise InvalidProject(problem.message) from None
