"""scikit-learn: saving, logging and loading its models, and automatic logging of trainings."""

from runyard._lazy import on_first_use

_PUBLIC = {
    "autolog": "runyard.sklearn.autologging",
}

TYPE_CHECKING = False  # type checkers take the name for true; importing typing would be most of the cost
if TYPE_CHECKING:
    from runyard.sklearn.autologging import autolog as autolog

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
