"""Looks into files that are in memory."""

import io
from typing import Any
from urllib.parse import parse_qsl, urlencode

from runyard.artifacts.ranges import RangedFile
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.previews.look import Look


class Counted(io.BytesIO):
    """A file that counts the bytes read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        found = super().read(size)
        self.taken += len(found)
        return found

    def close(self) -> None:
        """Stay open for the next reader."""


def a_look(name: str, content: bytes, file: Counted | None = None, near: bool = True, **state: str | int) -> Look:
    """A look into a file with this content, as the parameters of an address ask for it."""
    held = file or Counted(content)

    def page(**query: object) -> str:
        return "/page?" + urlencode({key: value for key, value in query.items() if value not in (None, "")})

    return Look(
        path=name,
        size=len(content),
        state=ListState(tuple((key, str(value)) for key, value in state.items())),
        address=f"/raw?path={name}",
        framed="/framed",
        near=near,
        opened=lambda: RangedFile(held, len(content)),
        page=page,
        raw=lambda path: f"/raw?path={path}",
        sizes=lambda _: {"a.webp": 10, "p.png": 1_000_000, "large.png": 1_000_001},
    )


def followed(look: Look, address: str, content: bytes) -> Look:
    """The look that an address of a page leads to."""
    state: dict[str, Any] = dict(parse_qsl(address.partition("?")[2]))
    return a_look(look.path, content, **state)
