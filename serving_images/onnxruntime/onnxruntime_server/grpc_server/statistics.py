"""What was counted, as Triton's message."""

from __future__ import annotations

from onnxruntime_server.engine.work import Servable
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages


def model_statistics(servable: Servable) -> messages.ModelStatistics:
    """The counts of a version of a model, durations summed."""
    counts = servable.statistics
    return messages.ModelStatistics(
        name=servable.name,
        version=servable.version,
        inference_count=counts.inferences,
        execution_count=counts.executions,
        inference_stats=messages.InferStatistics(
            success=_duration(counts.success, counts.request_us),
            fail=_duration(sum(counts.failures.values()), 0),
            queue=_duration(counts.success, counts.queue_us),
            compute_input=_duration(counts.success, counts.input_us),
            compute_infer=_duration(counts.success, counts.infer_us),
            compute_output=_duration(counts.success, counts.output_us),
            cache_hit=_duration(counts.cache_hits, 0),
            cache_miss=_duration(counts.cache_misses, 0),
        ),
    )


def _duration(count: int, microseconds: float) -> messages.StatisticDuration:
    return messages.StatisticDuration(count=count, ns=int(microseconds * 1000))
