"""Counts of a model in the form of Triton's statistics extension.

Source: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnxruntime_server.engine.work import Servable


def model_statistics(servable: Servable) -> dict[str, Any]:
    """One version's counts, for REST and for gRPC. Times are sums in nanoseconds; steps count answered requests."""
    counts = servable.statistics
    computed = counts.success - counts.cache_hits
    return {
        "name": servable.name,
        "version": servable.version,
        "inference_count": counts.inferences,
        "execution_count": counts.executions,
        "inference_stats": {
            "success": _duration(counts.success, counts.success_us),
            "fail": _duration(sum(counts.failures.values()), counts.request_us - counts.success_us),
            "queue": _duration(computed, counts.queue_us),
            "compute_input": _duration(computed, counts.input_us),
            "compute_infer": _duration(computed, counts.infer_us),
            "compute_output": _duration(computed, counts.output_us),
            "cache_hit": _duration(counts.cache_hits, 0),
            "cache_miss": _duration(counts.cache_misses, 0),
        },
    }


def _duration(count: int, microseconds: float) -> dict[str, int]:
    return {"count": count, "ns": int(microseconds * 1000)}
