"""A pipeline of spaCy as a pyfunc."""

from typing import Any

from runyard.core.libraries import np, pd
from runyard.exceptions import InvalidParameter


class SpacyModel:
    """Categorizes texts with a pipeline.

    Parameters
    ----------
    nlp: The pipeline.
    """

    def __init__(self, nlp: Any) -> None:
        self.nlp = nlp

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The categories of texts.

        Parameters
        ----------
        data: A table with one column of texts, or texts.
        params: Not used.

        Returns
        -------
        A table with a column ``predictions``: for each text a dictionary, each category's score by its name.

        Raises
        ------
        InvalidParameter: The table has several columns, or these are not texts.
        """
        return pd.DataFrame({"predictions": [document.cats for document in self.nlp.pipe(_texts(data))]})

    def get_raw_model(self) -> Any:
        """The pipeline."""
        return self.nlp


def _texts(data: Any) -> list[str]:
    if isinstance(data, pd.DataFrame):
        if data.shape[1] != 1:
            raise InvalidParameter(
                f"Pipelines of spaCy take a table with one column of texts, not {', '.join(map(str, data)) or 'none'}."
            )
        data = data.iloc[:, 0]
    given = [data] if isinstance(data, str) else list(np.ravel(data)) if isinstance(data, np.ndarray) else data
    texts = list(given) if isinstance(given, list | tuple | pd.Series) else [given]
    for text in texts:
        if not isinstance(text, str):
            raise InvalidParameter(f"Pipelines of spaCy take texts, not {type(text).__name__}: {text!r}.")
    return [str(text) for text in texts]
