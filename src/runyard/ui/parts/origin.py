"""What a run was started with, to be shown, and the commands that start it again."""

import posixpath
import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from runyard.core.amounts import plural
from runyard.core.command_line import MASK
from runyard.core.tags import COMMIT_TAG, REPOSITORY_TAG
from runyard.tracking.origins.messages import GetOrigin, Origin
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.format import size
from runyard.ui.site import Site

_MAX_COMMANDS = 10_000
_VERSION = re.compile(r"\d+\.\d+")
_KERNELS = ("ipykernel_launcher", "colab_kernel_launcher")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Started:
    """What a page shows of how a run was started; empty text for what is not known.

    Attributes
    ----------
    command: The command line.
    folder: The working folder.
    patch, packages: Addresses of the uncommitted changes and of the list of packages.
    clean: There were no uncommitted changes.
    changed: How many files were changed.
    amount: Number of packages.
    facts: Names and values of the rest.
    variables: Environment variables.
    again: Commands that start it again, to be pasted.
    masked: They hold a secret's place, which is to be filled in.
    """

    command: str
    folder: str
    patch: str
    packages: str
    clean: bool
    changed: int
    amount: int
    facts: Pairs
    variables: Pairs
    again: str
    masked: bool

    @property
    def is_told(self) -> bool:
        """Whether the program said anything: of a run of another client the commit alone may be known."""
        return bool(self.command or self.folder or self.facts or self.packages or self.patch)


def started_with(site: Site, run: Run, address: str, again: bool) -> Started | None:
    """How a run was started; None when nothing was recorded and no commit is known.

    Parameters
    ----------
    address: This server's, from which the commands fetch patch and packages.
    again: Whether to say how it is started again.
    """
    origin = site.ask(GetOrigin(run_id=run.info.run_id))
    if origin == Origin(run_id=origin.run_id) and COMMIT_TAG not in run.data.tags:
        return None
    place = site.urls("runs", run.info.run_id)
    lines = _again(run, origin, f"{address.rstrip('/')}/runs/{run.info.run_id}") if again else ""
    return Started(
        command=shlex.join(origin.command),
        folder=origin.folder,
        patch=f"{place}/uncommitted.patch" if origin.patch else "",
        packages=f"{place}/requirements.txt" if origin.packages else "",
        clean=origin.patch == "",
        changed=(origin.patch or "").count("\ndiff --git ") + (origin.patch or "").startswith("diff --git "),
        amount=len(origin.packages),
        facts=tuple((name, value) for name, value in _facts(origin) if value),
        variables=tuple((one.key, one.value) for one in origin.variables),
        again=lines,
        masked=MASK in lines,
    )


def _facts(origin: Origin) -> Pairs:
    cores = plural(origin.cores, "usable processor") if origin.cores else ""
    memory = f"{size(origin.memory)} of memory" if origin.memory else ""
    return (
        ("Notebook", origin.notebook),
        ("Python", origin.python),
        ("System", origin.platform),
        ("Machine", origin.host),
        ("Processor", ", ".join(filter(None, (origin.processor, cores, memory)))),
        ("GPUs", gpus_in_words(origin)),
    )


def gpus_in_words(origin: Origin) -> str:
    """The names of a machine's GPUs, with how many of each there are."""
    amounts = {name: origin.gpus.count(name) for name in origin.gpus}
    return ", ".join(name if amount == 1 else f"{amount} × {name}" for name, amount in amounts.items())


def _again(run: Run, origin: Origin, address: str) -> str:
    """The commands; empty when the code cannot be had, or if something in them could end a quotation in a terminal."""
    tags = run.data.tags
    top = _top(origin)
    repository, commit = tags.get(REPOSITORY_TAG) or top, tags.get(COMMIT_TAG, "")
    if not repository or not commit:
        return ""
    folder = PurePosixPath(repository.rstrip("/").rpartition("/")[2].rpartition(":")[2]).stem or "code"
    lines = [["git", "clone", "--", repository, folder], ["cd", folder], ["git", "checkout", "--detach", commit]]
    written = [shlex.join(line) for line in lines]
    if origin.patch:
        written.append(f"curl -fsS {shlex.quote(f'{address}/uncommitted.patch')} | git apply")
    if origin.packages:
        found = _VERSION.match(origin.python)
        written += [f"python{found[0] if found else '3'} -m venv .venv", ". .venv/bin/activate"]
        written += [
            f"curl -fsS {shlex.quote(f'{address}/requirements.txt')} -o .venv/requirements.txt",
            "pip install -r .venv/requirements.txt",
        ]
    if origin.below not in ("", "."):
        written.append(shlex.join(["cd", origin.below]))
    words = _words(origin, top)
    written += [shlex.join(words)] if words and all(map(str.isprintable, words)) else []
    whole = "\n".join(written)
    return whole if len(whole) <= _MAX_COMMANDS and all(map(str.isprintable, written)) else ""


def _top(origin: Origin) -> str:
    """The top folder of the repository on the machine that the run was on."""
    folder, below = PurePosixPath(origin.folder), PurePosixPath(origin.below)
    if not origin.folder or not origin.below:
        return ""
    depth = len(below.parts)
    return str(folder if not depth else folder.parents[depth - 1])


def _words(origin: Origin, top: str) -> list[str]:
    """The command in a clone of the repository; none for what a notebook's kernel ran."""
    if not origin.command or any(kernel in word for kernel in _KERNELS for word in origin.command):
        return []
    words = ["python", *origin.command[1:]]
    if len(words) > 1 and words[1].startswith("/"):
        program = PurePosixPath(words[1])
        if program.parent.name == "bin" and not program.suffix:  # a command that a package installed
            words[:2] = [program.name]
        elif top and program.is_relative_to(top):
            words[1] = posixpath.relpath(program, origin.folder)
    return words
