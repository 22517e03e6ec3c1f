from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runyard.fluent.artifacts import download_artifacts as download_artifacts
    from runyard.fluent.artifacts import list_artifacts as list_artifacts
    from runyard.fluent.artifacts import load_dict as load_dict
    from runyard.fluent.artifacts import load_image as load_image
    from runyard.fluent.artifacts import load_text as load_text
