"""How sending can fail."""

from runyard.exceptions import Unavailable


class Unreachable(Unavailable):
    """The store did not answer, or answered that it cannot serve now. The same message may work later."""
