"""Types of what models take and give: columns, tensors and parameters, as MLmodel files write them."""

from runyard._lazy import on_first_use

_PUBLIC = {
    "Array": "runyard.types.datatypes",
    "AnyType": "runyard.types.datatypes",
    "ColSpec": "runyard.types.schema",
    "DataType": "runyard.types.datatypes",
    "Map": "runyard.types.datatypes",
    "Object": "runyard.types.datatypes",
    "ParamSchema": "runyard.types.params",
    "ParamSpec": "runyard.types.params",
    "Property": "runyard.types.datatypes",
    "Schema": "runyard.types.schema",
    "TensorSpec": "runyard.types.schema",
    "schema": "runyard.types.schema:",
}

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
