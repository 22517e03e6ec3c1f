"""Values of parameters in commands: one argument each, whatever they hold and wherever the command puts them."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.exceptions import InvalidProject
from runyard.projects.entry_point import EntryPoint
from runyard.projects.parameters import Parameter

HOSTILE = (
    "; touch pwned", "$(touch pwned)", "`touch pwned`", "a\nb; touch pwned", "&& touch pwned", "| touch pwned",
    "' ; touch pwned ; '", '" ; touch pwned ; "', "'$(touch pwned)'", "\\'; touch pwned", "\n touch pwned\n#",
    "it's", '"quoted"', "-rf", "--help", "ünï çødé 🏃", "", " ", "*", "~", "\\", "$HOME", "${IFS}", "a\tb", "!!",
    "# no comment", "a{b}c", "%s", "a=b",
)  # fmt: skip

Shell = Callable[[str], list[str]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs a command; the arguments with which it called ``show``. Nothing else may have been run."""
    program = tmp_path / "programs" / "show"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\"\n")
    program.chmod(0o755)

    def run(command: str) -> list[str]:
        variables = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=variables, capture_output=True, check=False)
        assert not (tmp_path / "pwned").exists(), command
        return done.stdout.decode().split("\0")[:-1]

    return run


def entry(command: str, *parameters: str) -> EntryPoint:
    """An entry point with parameters of type string."""
    return EntryPoint("main", command, {name: Parameter(name) for name in parameters})


@pytest.mark.parametrize(
    ("template", "before", "after"),
    [
        ("show {a}", "", ""),
        ("show --a={a}", "--a=", ""),
        ('show "{a}"', "", ""),
        ("show '{a}'", "", ""),
        ('show --a="{a}"', "--a=", ""),
        ('show "<{a}>"', "<", ">"),
        ("show '<{a}>'", "<", ">"),
        ("show a=\\'{a}\\'", "a='", "'"),
        ("show pre{a}post", "pre", "post"),
        ("cd . && show {a}  # it's the end", "", ""),
        ('true "it\'s" && show {a}', "", ""),
        ("true \\\n  && show \\\n  {a}\n", "", ""),
    ],
)
def test_a_value_is_one_argument_wherever_the_command_puts_it(
    shell: Shell, template: str, before: str, after: str
) -> None:
    """Projects quote their placeholders as their authors like; a value must not become code, or fall apart."""
    for value in HOSTILE:
        assert [f"{before}{value}{after}"] == shell(entry(template, "a").shell_command({"a": value})), value


@pytest.mark.parametrize(
    "template",
    [
        "show # {a}",
        "show # don't {a}\n",
        "cat <<END\n{a}\nEND\n",
        "cat <<'END'\n{a}\nEND\n",
        "show `echo {a}`",
        'show "$(echo {a})"',
        'show "`echo {a}`"',
        "show $'{a}'",
        'show "${{HOME:-{a}}}"',
        "case x in x) show {a};; esac",
        "(show {a})",
        "show \"'{a}'\" '\"{a}\"'",
    ],
)
def test_a_value_is_not_code_in_places_where_it_makes_no_sense(shell: Shell, template: str) -> None:
    """In comments, here-documents and the like the program may get something odd, and nothing else is run."""
    for value in HOSTILE:
        shell(entry(template, "a").shell_command({"a": value}))


def test_what_is_not_declared_follows_in_order(shell: Shell) -> None:
    """Programs take further options without a change of the MLproject file, also after the last line of a command."""
    for command in ("show {a}", "show {a}\n", "show \\\n{a} \\\n", "show {a} 'quoted'"):
        given = {"a": "1", "z": "it's", "b c": "$(touch pwned)", "n-o": ""}
        ours = shell(entry(command, "a").shell_command(given))

        assert ["--z", "it's", "--b c", "$(touch pwned)", "--n-o", ""] == ours[-6:]
        assert "1" == ours[0]


def test_words_look_as_they_are_written() -> None:
    """The command that a run shows is the one its reader would type."""
    ours = entry("python train.py --name \"{name}\" --lr '{l.r}' {da-ta}", "name", "l.r", "da-ta")

    expected = "python train.py --name \"big\" --lr '0.1' /tmp/x"
    assert expected == ours.shell_command({"name": "big", "l.r": "0.1", "da-ta": "/tmp/x"})


def test_doubled_braces_are_braces(shell: Shell) -> None:
    """Commands may use the shell's own braces."""
    assert ["{", "}", "{a}", "1"] == shell(entry("x=1; show {{ }} {{a}} ${{x}}", "a").shell_command({"a": "no"}))


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("show {b}", "uses {b}"),
        ("show {}", "uses {}"),
        ("show {0}", "uses {0}"),
        ("show {a.__class__}", "uses {a.__class__}"),
        ("show {a[0]}", r"uses {a\[0\]}"),
        ("show {a!r}", "uses {a}"),
        ("show {a:>10}", "uses {a}"),
        ("show {a:{b}}", "uses {a}"),
        ("show {a", "is not a template"),
        ("show }", "is not a template"),
    ],
)
def test_a_placeholder_is_a_parameter_and_nothing_else(command: str, problem: str) -> None:
    """A typing mistake is told, and Python's format language reaches into nothing."""
    with pytest.raises(InvalidProject, match=problem):
        entry(command, "a").shell_command({"a": "1"})
