"""Sequence batching: requests that belong together go to one instance, which is told where each begins and ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from triton_model_configuration.part import (
    Count,
    DataType,
    FileName,
    Label,
    Microseconds,
    Part,
    Positive,
    Single,
    Size,
    TensorName,
    filled,
    repeated,
)
from triton_model_configuration.tensors import Dimensions

IDENTIFIERS = (DataType.UINT64, DataType.INT64, DataType.UINT32, DataType.INT32, DataType.STRING)


class Direct(Part):
    """Each sequence keeps its place in the batch."""

    max_queue_delay_microseconds: Microseconds = 0
    minimum_slot_utilization: Annotated[Single, Field(ge=0, le=1)] = 0.0


class Oldest(Part):
    """The oldest requests of all sequences run first."""

    max_candidate_sequences: Positive
    preferred_batch_size: tuple[Positive, ...] = ()
    max_queue_delay_microseconds: Microseconds = 0
    preserve_ordering: bool = False


class ControlKind(StrEnum):
    """What a control input tells the model."""

    START = "CONTROL_SEQUENCE_START"
    READY = "CONTROL_SEQUENCE_READY"
    END = "CONTROL_SEQUENCE_END"
    CORRELATION_ID = "CONTROL_SEQUENCE_CORRID"


Switch = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class Control(Part):
    """One fact about a request's place in its sequence, and the two values that say no and yes."""

    kind: ControlKind = ControlKind.START
    int32_false_true: tuple[Switch, ...] = ()
    fp32_false_true: tuple[Single, ...] = ()
    bool_false_true: tuple[bool, ...] = ()
    data_type: DataType | None = None

    @model_validator(mode="after")
    def _says_its_values(self) -> Self:
        given = [each for each in (self.int32_false_true, self.fp32_false_true, self.bool_false_true) if each]
        if self.kind is ControlKind.CORRELATION_ID:
            if given or self.data_type not in IDENTIFIERS:
                raise ValueError(f"{self.kind} has a data_type and no values; give one of {', '.join(IDENTIFIERS)}")
        elif self.data_type is not None or [len(each) for each in given] != [2]:
            raise ValueError(
                f"{self.kind} has two values and no data_type; give one of int32_false_true, fp32_false_true and "
                "bool_false_true"
            )
        return self


class ControlInput(Part):
    """An input that Triton fills in."""

    name: TensorName
    control: Annotated[tuple[Control, ...], AfterValidator(filled)]


class InitialState(Part):
    """What a state holds at the start of a sequence: zeros, or a file of the folder `initial_state`."""

    name: Label
    data_type: DataType
    dims: tuple[Size, ...] = ()
    zero_data: Literal[True] | None = None
    data_file: FileName | None = None

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if (self.zero_data is None) == (self.data_file is None):
            raise ValueError(f"initial state '{self.name}': give zero_data: true or a data_file, one of them")
        return self


class State(Part):
    """An output that comes back as an input with the sequence's next request."""

    input_name: TensorName
    output_name: TensorName
    data_type: DataType
    dims: Annotated[Dimensions, AfterValidator(filled)]
    initial_state: Annotated[tuple[InitialState, ...], Field(max_length=1)] = ()
    use_same_buffer_for_input_output: bool = False
    use_growable_memory: bool = False


class SequenceBatching(Part):
    """The sequence batcher. Refuses a control or state that is told twice."""

    direct: Direct | None = None
    oldest: Oldest | None = None
    max_sequence_idle_microseconds: Microseconds = 0
    control_input: tuple[ControlInput, ...] = ()
    state: tuple[State, ...] = ()
    iterative_sequence: bool = False

    @model_validator(mode="after")
    def _has_one_strategy(self) -> Self:
        if self.direct is not None and self.oldest is not None:
            raise ValueError("sequence_batching has both direct and oldest; choose one")
        return self

    @model_validator(mode="after")
    def _tells_nothing_twice(self) -> Self:
        for name in repeated(each.name for each in self.control_input):
            raise ValueError(f"control_input '{name}' comes twice; put its controls into one")
        for kind in repeated(control.kind for each in self.control_input for control in each.control):
            raise ValueError(f"{kind} is told by two control inputs; leave one of them out")
        names = [name for each in self.state for name in (each.input_name, each.output_name)]
        for name in repeated([*names, *(each.name for each in self.control_input)]):
            raise ValueError(f"tensor '{name}' is in sequence_batching twice; give each state tensors of its own")
        return self

    def check(self, max_batch_size: Count) -> None:
        """Refuse sizes that the model can't run."""
        for size in () if self.oldest is None else self.oldest.preferred_batch_size:
            if size > max_batch_size:
                raise ValueError(
                    f"sequence_batching: preferred_batch_size {size} is above max_batch_size {max_batch_size}; "
                    "lower it or raise that"
                )
