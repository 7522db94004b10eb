"""Counts of a model in the form of Triton's statistics extension.

Source: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnxruntime_server.engine.work import Servable


def model_statistics(servable: Servable) -> dict[str, Any]:
    """One version's counts. Times are sums; that of refused requests is in the time of those that succeeded."""
    counts = servable.statistics
    failures = sum(counts.failures.values())
    return {
        "name": servable.name,
        "version": servable.version,
        "inference_count": counts.inferences,
        "execution_count": counts.executions,
        "inference_stats": {
            "success": _duration(counts.success, counts.request_us),
            "fail": _duration(failures, 0),
            "queue": _duration(counts.executions, counts.queue_us),
            "compute_input": _duration(counts.executions, counts.input_us),
            "compute_infer": _duration(counts.executions, counts.infer_us),
            "compute_output": _duration(counts.executions, counts.output_us),
            "cache_hit": _duration(counts.cache_hits, 0),
            "cache_miss": _duration(counts.cache_misses, 0),
        },
        "batch_stats": [],
    }


def _duration(count: int, microseconds: float) -> dict[str, int]:
    return {"count": count, "ns": int(microseconds * 1000)}
