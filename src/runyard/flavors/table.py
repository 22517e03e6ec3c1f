"""Every flavor of this version."""

from runyard.catboost.declared import FLAVOR as CATBOOST
from runyard.exceptions import InvalidParameter
from runyard.keras.declared import FLAVOR as KERAS
from runyard.lightgbm.declared import FLAVOR as LIGHTGBM
from runyard.models.flavor import Flavor
from runyard.onnx.declared import FLAVOR as ONNX
from runyard.prophet.declared import FLAVOR as PROPHET
from runyard.pyfunc.declared import FLAVOR as PYFUNC
from runyard.pytorch.declared import FLAVOR as PYTORCH
from runyard.sentence_transformers.declared import FLAVOR as SENTENCE_TRANSFORMERS
from runyard.shap.declared import FLAVOR as SHAP
from runyard.sklearn.declared import FLAVOR as SKLEARN
from runyard.spacy.declared import FLAVOR as SPACY
from runyard.spark.declared import FLAVOR as SPARK
from runyard.statsmodels.declared import FLAVOR as STATSMODELS
from runyard.tensorflow.declared import FLAVOR as TENSORFLOW
from runyard.transformers.declared import FLAVOR as TRANSFORMERS
from runyard.xgboost.declared import FLAVOR as XGBOOST

FLAVORS: dict[str, Flavor] = {
    flavor.name: flavor
    for flavor in (
        SHAP,
        SKLEARN,
        SPARK,
        CATBOOST,
        LIGHTGBM,
        XGBOOST,
        ONNX,
        PYTORCH,
        TRANSFORMERS,
        SENTENCE_TRANSFORMERS,
        KERAS,
        TENSORFLOW,
        STATSMODELS,
        PROPHET,
        SPACY,
        PYFUNC,
    )
}
"""By name. A later one is a package and a line here."""


def flavor_named(name: str) -> Flavor:
    """The flavor with this name.

    Raises
    ------
    InvalidParameter: This version has none.
    """
    if name not in FLAVORS:
        raise InvalidParameter(f"This version has no flavor {name!r}; it has {', '.join(FLAVORS)}.")
    return FLAVORS[name]
