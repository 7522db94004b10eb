"""A server's table of differences lets pass what it names, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving_images.contract.differences import Difference, Differences

LINE = Difference(("test_rest.py::test_answers*[echo]",), ("FP16", "half"), "halves come raw")


def test_a_failure_is_let_pass_by_test_and_words() -> None:
    table = Differences([LINE])

    assert table.explain("test_rest.py::test_answers_flat_data[echo]", "400 no FP16 in JSON") == "halves come raw"
    assert table.explain("test_rest.py::test_answers_flat_data[echo]", "500 it fell over") is None
    assert table.explain("test_rest.py::test_answers_flat_data[typed]", "400 no FP16 in JSON") is None
    assert table.explain("test_rest.py::test_answers_flat_data_[echo]x", "400 no FP16 in JSON") is None
    assert table.counts() == ((1, "halves come raw"),)


def test_a_line_whose_tests_pass_is_outlived_and_one_whose_tests_were_not_run_is_not() -> None:
    table = Differences([LINE])
    assert table.outlived() == ()

    table.ran("test_rest.py::test_answers_flat_data[echo]")
    assert table.outlived() == (LINE,)

    table.explain("test_rest.py::test_answers_flat_data[echo]", "no half")
    assert table.outlived() == ()


def test_what_may_end_the_server_is_not_tried() -> None:
    table = Differences([LINE, Difference(("test_grpc.py::*deadline*",), (), "it ends the server", tried=False)])

    assert table.untried("test_grpc.py::test_a_short_deadline[echo]") == "it ends the server"
    assert table.untried("test_rest.py::test_answers_flat_data[echo]") is None
    table.ran("test_grpc.py::test_a_short_deadline[echo]")
    assert table.outlived() == ()


def test_another_key_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('[[difference]]\ntests = ["a*"]\nwords = ["b"]\nreason = "c"\n')
    assert Differences.read(file).explain("abc", "b") == "c"

    file.write_text('[[difference]]\ntests = ["a"]\nwords = ["b"]\nreason = "c"\nsince = "d"\n')
    with pytest.raises(TypeError, match="since"):
        Differences.read(file)
