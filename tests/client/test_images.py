"""`runyard.Image`: an image of any kind, as MLflow's class of that name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import runyard
from runyard.exceptions import InvalidParameter


def test_an_image_is_made_of_all_that_scripts_have(tmp_path: Path) -> None:
    """Files, arrays, rows and images of Pillow, and the other way round."""
    rows = [[0, 255], [7, 8]]
    made = runyard.Image(rows)
    made.save(str(tmp_path / "a.png"))

    for image in (
        made,
        runyard.Image(np.array(rows)),
        runyard.Image(made.to_pil()),
        runyard.Image(str(tmp_path / "a.png")),
    ):
        assert ((2, 2), rows) == (image.size, image.to_list())
        assert np.array_equal(rows, image.to_array())
    assert (4, 1) == made.resize((4, 1)).size
    assert isinstance(made.to_pil(), Pillow.Image)


@pytest.mark.parametrize("wrong", ["missing.png", [1, 2, 3], None, 5])
def test_what_is_not_an_image_is_refused(wrong: object) -> None:
    """When it is made, not when it is logged."""
    with pytest.raises(InvalidParameter):
        runyard.Image(wrong)
