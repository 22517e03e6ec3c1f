"""What a model is given for columns of Arrow: a table, or the tensors of its signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.libraries import lazy, pd
from runyard.exceptions import InvalidParameter
from runyard.types.schema import Schema, TensorSpec

pa = lazy("pyarrow")
pc = lazy("pyarrow.compute")


@dataclass(frozen=True)
class Inputs:
    """How columns become a model's input.

    Attributes
    ----------
    schema: The inputs of the model's signature; None when it has none.
    """

    schema: Schema | None

    def of_columns(self, columns: Sequence[Any]) -> Any:
        """The input for columns without names, which are those of the signature in its order. One struct is a table
        of its own.

        Parameters
        ----------
        columns: Arrow arrays of the same length.

        Raises
        ------
        InvalidParameter: They do not fit the signature's tensors.
        """
        if len(columns) == 1 and pa.types.is_struct(columns[0].type):
            kind = columns[0].type
            return self.of_table([kind.field(place).name for place in range(kind.num_fields)], columns[0].flatten())
        known = self.schema.input_names() if self.schema is not None and self.schema.has_input_names() else None
        names = known if known is not None else [str(place) for place in range(len(columns))]
        return self.of_table(names[: len(columns)], columns[: len(names)])

    def of_table(self, names: Sequence[str], columns: Sequence[Any]) -> Any:
        """The input for columns with names."""
        if self.schema is not None and self.schema.is_tensor_spec():
            tensors = self._tensors(dict(zip(names, columns, strict=True)), self.schema)
            if tensors is not None:
                return tensors
        return frame_of(names, columns)

    def _tensors(self, columns: dict[str, Any], schema: Schema) -> Any:
        """The tensors in these columns; None where the columns have no arrays, so that the signature decides."""
        specs = [one for one in schema.inputs if isinstance(one, TensorSpec)]
        if not schema.has_input_names():
            (column, *more) = columns.values()
            return None if more or not _is_list(column.type) else _tensor(column, specs[0])
        if any(spec.name not in columns for spec in specs):
            return None
        return {spec.name: _tensor(columns[str(spec.name)], spec) for spec in specs}


def frame_of(names: Sequence[str], columns: Sequence[Any]) -> "pd.DataFrame":
    """A table of pandas, with times as the session's clock shows them."""
    plain = [_local(column) if pa.types.is_timestamp(column.type) else column for column in columns]
    frame = pa.Table.from_arrays(plain, names=[str(place) for place in range(len(plain))]).to_pandas(
        maps_as_pydicts="lossy", coerce_temporal_nanoseconds=True
    )
    frame.columns = list(names)
    return frame  # type: ignore[no-any-return]


def _local(column: Any) -> Any:
    return column if column.type.tz is None else pc.local_timestamp(column)


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _tensor(column: Any, spec: TensorSpec) -> Any:
    """A tensor of a column: its rows are numbers, or lists of them in the order of C."""
    shape = (len(column), *spec.shape[1:])
    values = column
    while _is_list(values.type):
        if values.null_count:
            raise InvalidParameter(f"A row has no value for the tensor {_shown(spec)}.")
        values = values.flatten()
    array = values.to_numpy(zero_copy_only=False)
    try:
        return array.astype(spec.type, casting="same_kind" if array.dtype != object else "unsafe").reshape(shape)
    except (ValueError, TypeError) as problem:
        raise InvalidParameter(
            f"Rows do not fit the tensor {_shown(spec)}, of type {spec.type.name} and shape {spec.shape}: {problem}."
        ) from None


def _shown(spec: TensorSpec) -> str:
    return repr(spec.name) if spec.name is not None else "of the signature"
