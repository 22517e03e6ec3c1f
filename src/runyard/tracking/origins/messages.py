"""Messages about what runs were started with, and what they are answered with."""

from dataclasses import dataclass, field

from runyard.core.entity import Tag
from runyard.core.limits import check_count, check_run_id, check_run_ids, check_text
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import Message

MAX_WORDS, MAX_WORD = 1_000, 10_000
MAX_PACKAGES, MAX_PACKAGE = 5_000, 2_000
MAX_VARIABLES, MAX_GPUS = 100, 100
BEAT_SECONDS = 30.0
"""How often programs say that they go on."""
MAX_BEATING = 1_000
MAX_LINE = 4_000
"""Characters of a text that is one line, such as a folder."""
MAX_PATCH = 1_000_000
"""Characters of a patch."""
MAX_READ = 100
"""Runs whose origins are read at a time."""


def _check_list(name: str, values: list[str], most: int, longest: int) -> None:
    check_count(name, values, most, least=0)
    for index, value in enumerate(values):
        check_text(f"{name}[{index}]", value, longest)


@dataclass
class StartedWith:
    """What a program says of the start of a run.

    Attributes
    ----------
    command: The words that started the program, the Python first; what looked like a secret is ``***``.
    folder: The working folder.
    below: The working folder as a path below the top of its repository; ``.`` for the top itself.
    notebook: The notebook that it ran in.
    variables: Environment variables that change what a program does, such as ``CUDA_VISIBLE_DEVICES``.
    python: Python's version, and which Python it was where that is not CPython.
    platform: The operating system.
    packages: Lines of a requirements file, by name; what came from a folder of the machine is a comment.
    host, processor, gpus: Names.
    cores: How many processors the program might use.
    memory: Bytes.
    patch: What differed from the commit, for ``git apply``; empty when nothing did. None: not recorded.
    """

    run_id: str
    command: list[str] = field(default_factory=list)
    folder: str = ""
    below: str = ""
    notebook: str = ""
    variables: list[Tag] = field(default_factory=list)
    python: str = ""
    platform: str = ""
    packages: list[str] = field(default_factory=list)
    host: str = ""
    processor: str = ""
    cores: int = 0
    memory: int = 0
    gpus: list[str] = field(default_factory=list)
    patch: str | None = None


class Origin(StartedWith, Answer):
    """What a run was started with, as far as its program told; empty where it did not.

    Attributes
    ----------
    environment, machine, changes: What is equal for runs with equal packages, for runs on equal machines, and for runs
        with equal uncommitted changes.
    """

    environment: str = ""
    machine: str = ""
    changes: str = ""


class OriginsFound(Answer):
    """What some runs were started with, in the order they were asked for."""

    origins: list[Origin] = field(default_factory=list)


class NoteOrigin(StartedWith, Message[Nothing], post="runs/note-origin", family="runyard", needs="run.edit"):
    """Note what a run was started with. What was noted before stays, so repeating it changes nothing.

    Equal lists of packages, machines and patches are stored once, however many runs have them.

    Attributes
    ----------
    patch: What differs from the commit; empty when nothing does. It may come in a message of its own.
    """

    def check(self) -> None:
        check_run_id(self.run_id)
        _check_list("command", self.command, MAX_WORDS, MAX_WORD)
        _check_list("packages", self.packages, MAX_PACKAGES, MAX_PACKAGE)
        _check_list("gpus", self.gpus, MAX_GPUS, MAX_LINE)
        _check_list("variables", [f"{one.key}={one.value}" for one in self.variables], MAX_VARIABLES, MAX_LINE)
        for name in ("folder", "below", "notebook", "python", "platform", "host", "processor"):
            check_text(f"'{name}'", getattr(self, name), MAX_LINE)
        check_text("'patch'", self.patch or "", MAX_PATCH)


class Beat(Message[Nothing], post="runs/beat", family="runyard", needs="run.edit"):
    """Say that the program of some runs goes on, 1 to 1,000 of them. Our SDK does so every 30 seconds.

    A run that is ``RUNNING`` and whose program said so before, but has been silent for 90 seconds, is lost: its info
    has the field ``lost_since``. Runs that are not running, or are not there, are passed over.
    """

    run_ids: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_BEATING)


class GetOrigin(Message[Origin], get="runs/get-origin", kind="read", family="runyard", needs="run.read"):
    """What a run was started with; deleted runs too. Of a run whose program told nothing, only the id."""

    run_id: str

    def check(self) -> None:
        check_run_id(self.run_id)


class GetOrigins(Message[OriginsFound], post="runs/get-origins", kind="read", family="runyard", needs="run.read"):
    """What some runs, 1 to 100, were started with; deleted runs too.

    Attributes
    ----------
    packages, patches: Whether to answer the lists of packages and the uncommitted changes, which may be long. Without
        patches, `changes` tells apart those that differ.
    """

    run_ids: list[str]
    packages: bool = False
    patches: bool = False

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_READ)
