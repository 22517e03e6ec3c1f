"""Where a model is put: on the device that the caller names, else where it was when that is here, else on the CPU."""

from typing import Any

from runyard import settings
from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter

torch = lazy("torch")

CPU = "cpu"


def device_for_predictions(given: Any = None) -> Any:
    """The device that a model predicts on.

    Parameters
    ----------
    given: What the caller asks for. When left out: what ``RUNYARD_DEFAULT_PREDICTION_DEVICE`` says, else a GPU of
        CUDA where there is one, else the CPU.

    Raises
    ------
    InvalidParameter: There is no such device here.
    """
    return device_named(
        given or settings.DEFAULT_PREDICTION_DEVICE.get() or ("cuda" if torch.cuda.is_available() else CPU)
    )


def device_named(name: Any) -> Any:
    """The device of a name such as ``cpu`` or ``cuda:1``.

    Raises
    ------
    InvalidParameter: There is no such device here.
    """
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as problem:
        raise InvalidParameter(f"{name!r} is not a device of PyTorch: {problem}") from None
    if not is_here(device):
        raise InvalidParameter(f"There is no device {str(device)!r} on this machine. Choose another, such as 'cpu'.")
    return device


def is_here(device: Any) -> bool:
    """Whether tensors can be on this device, on this machine."""
    if device.type in (CPU, "meta"):
        return True
    backend: Any = getattr(torch, device.type, None)
    homes: tuple[Any, ...] = (backend, getattr(torch.backends, device.type, None))
    available = next((home.is_available for home in homes if hasattr(home, "is_available")), None)
    if available is None or not available():
        return False
    return device.index is None or not hasattr(backend, "device_count") or device.index < backend.device_count()


def placed(storage: Any, location: str) -> Any:
    """For ``map_location``: what was on a device that is not here comes to the CPU."""
    return None if is_here(torch.device(location)) else storage


def device_of(model: Any) -> Any:
    """The device that a model is on, by its first weight; the CPU for one without weights."""
    return next((weight.device for weight in (*model.parameters(), *model.buffers())), torch.device(CPU))
