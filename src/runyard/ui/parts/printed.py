"""The end of what a run's processes printed, read from the files that keep it."""

from collections.abc import Sequence
from dataclasses import dataclass

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.locations import open_location
from runyard.artifacts.paths import joined
from runyard.core.output_parts import LOGS, part_number
from runyard.exceptions import RunyardException
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.files import contents_at
from runyard.ui.parts.presentation import artifact_root
from runyard.ui.parts.terminal import shown_line
from runyard.ui.site import Site


@dataclass(frozen=True)
class Part:
    """A file with a part of the output."""

    name: str
    path: str
    size: int
    href: str


@dataclass(frozen=True)
class Printed:
    """The end of a run's output.

    Attributes
    ----------
    text: As a terminal would show it.
    parts: The files that hold all of it, in order.
    size: Bytes of all files.
    cut: There is more before the text.
    error: Why it cannot be read.
    """

    text: str = ""
    parts: tuple[Part, ...] = ()
    size: int = 0
    cut: bool = False
    error: str | None = None


def printed_by(site: Site, run: Run, most_bytes: int, most_lines: int | None = None) -> Printed:
    """The end of a run's output, cut to a maximum number of bytes and lines."""
    try:
        parts = _parts(site, run, contents_at(site, artifact_root(run), LOGS))
        content = _end(site, artifact_root(run), parts, most_bytes)
    except RunyardException as problem:
        return Printed(error=problem.message)
    except OSError as problem:
        return Printed(error=f"The output cannot be read: {problem.strerror}. Check the permissions of its folder.")
    size = sum(part.size for part in parts)
    cut = size > len(content)
    if cut:
        _, newline, whole_lines = content.partition(b"\n")
        content = whole_lines if newline else content
    lines = content.decode("utf-8", "replace").removesuffix("\n").split("\n")
    if most_lines is not None and len(lines) > most_lines:
        lines, cut = lines[-most_lines:], True
    return Printed("\n".join(map(shown_line, lines)), parts, size, cut)


def _parts(site: Site, run: Run, files: Sequence[FileInfo]) -> tuple[Part, ...]:
    found: list[tuple[int, Part]] = []
    for file in files:
        name = file.path.rpartition("/")[2]
        number = part_number(name)
        if number is not None and not file.is_dir:
            address = site.urls("get-artifact", run_id=run.info.run_id, path=file.path)
            found.append((number, Part(name, file.path, file.file_size or 0, address)))
    return tuple(part for _, part in sorted(found, key=lambda one: (one[0], one[1].name)))


def _end(site: Site, location: str, parts: Sequence[Part], most: int) -> bytes:
    """The last bytes of the parts, of as many of them as it takes."""
    repository, root = open_location(location, site.gate.settings.artifact_places)
    pieces: list[bytes] = []
    for part in reversed([part for part in parts if part.size]):
        if most <= 0:
            break
        stored = repository.open(joined(root, part.path))
        with stored.file as file:
            file.seek(max(0, (stored.size or 0) - most))
            pieces.append(file.read(most))
        most -= len(pieces[-1])
    return b"".join(reversed(pieces))
