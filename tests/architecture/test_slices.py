"""Slices: a folder of tracking or registry that holds messages is one."""

from runyard.gate.performers import performer
from runyard.gate.slices import load_all, slices
from runyard.protocol.message import OPERATIONS
from tests.architecture.floors import floors
from tests.architecture.limits import ROOT


def test_every_folder_with_operations_is_a_slice() -> None:
    """No folder's operations are left out for want of messages."""
    folders = {file.parent for file in (ROOT / "src/runyard").glob("*/*/operations.py")}
    assert set(slices()) == {f"runyard.{folder.parent.name}.{folder.name}" for folder in folders}


def test_slices_are_on_the_floor_of_the_gate() -> None:
    """The gate loads them by their presence, and must not reach what is above the store."""
    store = next(floor for floor in floors() if "gate" in floor)
    assert {name.split(".")[1] for name in slices()} <= set(store)


def test_every_message_of_a_slice_is_performed() -> None:
    """Loading the slices finds a function for each operation."""
    load_all()
    assert all(performer(message) for message in OPERATIONS.values())
