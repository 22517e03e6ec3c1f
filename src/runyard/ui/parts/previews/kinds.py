"""Which looks there are into a file, by its name."""

import re
from typing import Literal

PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg", ".ico", ".avif"}
SOUNDS = {".wav", ".mp3", ".ogg", ".oga", ".flac", ".m4a", ".aac", ".opus"}
FILMS = {".mp4", ".webm", ".mov", ".m4v", ".ogv"}
FRAMES = {".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".pdf": "application/pdf"}
"""Documents that are shown in a frame, and the types they are sent as."""
MARKDOWN = {".md", ".markdown"}
UNREADABLE = {
    *(".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".h5", ".keras", ".npz", ".npy"),
    *(".zip", ".gz", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".whl", ".bin", ".so", ".feather", ".arrow", ".db"),
}
"""Files that are not read to find out that they hold no text."""

TEXTS = {".txt", ".csv", ".tsv", ".log", ".out", ".err", ".md", ".tex", ".ini", ".cfg"}
"""Names that promise text: where it is not UTF-8, as spreadsheets of Windows often write it, it is read as theirs."""
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has: the controls but for those of lines and terminals."""

View = Literal["image", "audio", "video", "page", "table", "tree", "notebook", "markdown", "text", "none"]
LABELS: dict[View, str] = {
    "image": "Image",
    "audio": "Sound",
    "video": "Video",
    "page": "Page",
    "table": "Table",
    "tree": "Tree",
    "notebook": "Notebook",
    "markdown": "Rendered",
    "text": "Text",
    "none": "File",
}


def views_of(suffix: str, *, is_text: bool) -> tuple[View, ...]:
    """The looks into a file, the usual one first.

    Parameters
    ----------
    suffix: The end of its name, in small letters.
    is_text: Whether its beginning reads as text.
    """
    found: list[View] = []
    if suffix in PICTURES:
        found.append("image")
    elif suffix in SOUNDS:
        found.append("audio")
    elif suffix in FILMS:
        found.append("video")
    elif suffix in FRAMES:
        found.append("page")
    elif suffix == ".parquet" or (suffix in (".csv", ".tsv") and is_text):
        found.append("table")
    elif suffix == ".ipynb" and is_text:
        found += ["notebook", "tree"]
    elif suffix == ".json" and is_text:
        found.append("tree")
    elif suffix in MARKDOWN and is_text:
        found.append("markdown")
    return (*found, "text") if is_text else tuple(found) or ("none",)


def encoding_of(content: bytes, suffix: str, *, cut: bool) -> str | None:
    """What the beginning of a file reads as: UTF-8, or Windows-1252 where its name promises text; None otherwise.

    Parameters
    ----------
    suffix: The end of its name, in small letters.
    cut: The file has more, and a character may be cut in two.
    """
    if b"\0" in content:
        return None
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as problem:
        if not cut or problem.start < len(content) - 4:
            return "cp1252" if suffix in TEXTS and not _CONTROLS.search(content) else None
    return "utf-8"
