"""Projects: code in a folder or a git repository, run with its parameters and environment. Each name loads on use."""

from runyard._lazy import on_first_use, stubbed

_PUBLIC = stubbed(__name__)
__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
