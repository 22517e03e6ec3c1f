"""What this flavor declares of itself."""

from runyard.models.flavor import Flavor

FLAVOR = Flavor("onnx", "runyard.onnx", "mlflow.onnx", "onnx", "onnx", "onnx_version", packages=("onnxruntime",))
