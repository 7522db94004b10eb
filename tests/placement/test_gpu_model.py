"""The estimate for GPUs: its parts by hand, and how far published runs are from it."""

from __future__ import annotations

import pytest

from falaj.catalog.gpu_performance import gpu_performance, gpu_runs
from falaj.catalog.gpus import gpu_families
from falaj.placement.gpu_model import LAUNCH_SECONDS, correction, encoder_work, roofline, seconds
from falaj.placement.work import Work
from tests.placement.examples import CARD, NO_WORK


def test_a_model_that_does_nothing_takes_its_launches() -> None:
    work = NO_WORK.model_copy(update={"launches": 10})

    assert roofline(work, 1, 100, 1000) == pytest.approx(10 * LAUNCH_SECONDS)


@pytest.mark.parametrize(
    ("operations", "weight_bytes", "expected"),
    [(1e12, 1e9, 0.010), (1e11, 5e9, 0.005), (1e12, 1e10, 0.010)],
)
def test_the_longer_of_computing_and_reading_counts(operations: float, weight_bytes: float, expected: float) -> None:
    work = NO_WORK.model_copy(update={"operations": operations, "weight_bytes": weight_bytes})

    assert roofline(work, 1, 100, 1000) == pytest.approx(expected + LAUNCH_SECONDS)


def test_a_batch_reads_weights_once_and_computes_each_row() -> None:
    reading = NO_WORK.model_copy(update={"weight_bytes": 1e9, "activation_bytes": 1e6})
    computing = NO_WORK.model_copy(update={"operations": 1e12})

    assert roofline(reading, 32, 100, 1000) == pytest.approx(1.032e-3 + LAUNCH_SECONDS)
    assert roofline(computing, 32, 100, 1000) == pytest.approx(0.32 + LAUNCH_SECONDS)


def test_sixteen_bits_take_the_other_peak_and_a_share_of_a_card_takes_longer() -> None:
    work = Work(operations=1e12, weight_bytes=0, activation_bytes=0, transfer_bytes=0, launches=1)
    half = work.model_copy(update={"precision": "fp16"})

    assert seconds(half, CARD, 1) < seconds(work, CARD, 1) < seconds(work, CARD, 1, share=0.5)
    assert seconds(work, CARD, 1) == pytest.approx((0.01 + LAUNCH_SECONDS) * correction().factor)


def test_inputs_and_outputs_go_over_the_bus_uncorrected() -> None:
    work = NO_WORK.model_copy(update={"transfer_bytes": 1e9})

    assert seconds(work, CARD, 2) == pytest.approx(0.2 + LAUNCH_SECONDS * correction().factor)


def test_every_published_run_is_within_the_error_that_is_told() -> None:
    found = correction()

    ratios = [
        run.milliseconds
        / 1000
        / (
            roofline(encoder_work(series, run.sequence), run.batch, series.tflops, series.memory_gb_per_s)
            * found.factor
        )
        for series in gpu_runs().values()
        for run in series.runs
    ]

    assert len(ratios) == found.runs == 28
    assert max(max(ratio, 1 / ratio) for ratio in ratios) == pytest.approx(found.error)


def test_the_correction_is_what_the_documents_say() -> None:
    found = correction()

    assert (round(found.factor, 1), round(found.error, 1)) == (2.5, 1.9)
    assert found.source == "BERT base in ONNX Runtime 1.4.0 on V100"


def test_the_encoder_is_berts() -> None:
    """22.3 GFLOP for 128 tokens: 12 layers of 24 x 128 x 768^2 for products and 4 x 128^2 x 768 for attention."""
    work = encoder_work(gpu_runs()["bert-base-v100-fp32"], 128)

    assert work.operations == 12 * (24 * 128 * 768**2 + 4 * 128**2 * 768)
    assert work.weight_bytes == 12 * 12 * 768**2 * 4


def test_every_card_of_nvidias_that_is_sold_and_runs_triton_has_a_data_sheet() -> None:
    described = {key for key, row in gpu_families().items() if row.vendor == "nvidia" and row.runs_cuda_images == "yes"}

    assert described - {*gpu_performance()} <= {"gb200"}
    assert {*gpu_performance()} <= {*gpu_families()}


@pytest.mark.parametrize("key", list(gpu_performance()))
def test_peaks_grow_as_numbers_shrink(key: str) -> None:
    card = gpu_performance()[key]

    assert card.fp32_tflops <= card.tf32_tflops < card.fp16_tflops
