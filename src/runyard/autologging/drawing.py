"""Plots as files, drawn without pyplot, whose state belongs to the program."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import lazy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

figures, canvases = lazy("matplotlib.figure"), lazy("matplotlib.backends.backend_agg")

MARGINS = {"left": 0.14, "bottom": 0.14, "right": 0.96, "top": 0.92}
"""Fixed ones: to have them computed takes as long as all the drawing."""


def save_plot(draw: "Callable[[Axes], None]", path: Path, width: float = 6, height: float = 4.8) -> None:
    """Draw a plot into a PNG file.

    Parameters
    ----------
    width, height: Inches, of 100 pixels each.
    """
    figure = figures.Figure(figsize=(width, height))
    figure.subplots_adjust(**MARGINS)
    canvas: Any = canvases.FigureCanvasAgg(figure)
    draw(figure.subplots())
    canvas.print_png(str(path))  # savefig would draw everything twice
