"""Checks what the store keeps twice against the rows it comes from, and mends it, for `runyard db check`.

What is derived is written in the transaction that writes its rows, so nothing differs unless a program other than ours
wrote to the database, or a fault of ours did. A new kind of derived rows gets a module here, and a place in `CHECKS`.
"""

from runyard.tracking.checks.blocks import blocks_of_metrics
from runyard.tracking.checks.check import Check, Difference, examined
from runyard.tracking.checks.documents import documents
from runyard.tracking.checks.latest import latest_points
from runyard.tracking.checks.texts import texts_of_runs

__all__ = ["CHECKS", "Check", "Difference", "examined"]

CHECKS: tuple[Check, ...] = (documents, latest_points, blocks_of_metrics, texts_of_runs)
"""Every check, in the order they are made."""
