"""Long passes in threads: the same numbers, errors that come through, none inside workers."""

from __future__ import annotations

import os
from itertools import pairwise
from threading import Thread

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from statmodels_x.core import threads
from statmodels_x.core.errors import DataError
from statmodels_x.core.parallel import each


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setenv(threads.VARIABLE, "2")


def test_parts_cover_all_rows_in_order(two):
    n = 3 * threads.PART + 17
    found = threads.in_parts(lambda rows: (rows.start, rows.stop), n)
    assert found[0][0] == 0
    assert found[-1][1] == n
    assert all(before[1] == after[0] for before, after in pairwise(found))


@pytest.mark.parametrize("many", ["1", "2", "5"])
def test_the_number_of_threads_is_no_part_of_the_numbers(monkeypatch, many):
    values = np.random.default_rng(0).normal(size=4 * threads.PART + 3)
    monkeypatch.setenv(threads.VARIABLE, many)
    found = sum(threads.in_parts(lambda rows: values[rows].sum(), len(values)))
    parts = range(0, len(values), threads.PART)
    assert found == sum(values[first : first + threads.PART].sum() for first in parts)


def test_an_error_in_a_part_is_raised(two):
    def task(rows: slice) -> None:
        if rows.start:
            raise DataError("here")

    with pytest.raises(DataError, match="here"):
        threads.in_parts(task, 5 * threads.PART)


def test_no_threads_within_threads_and_workers(monkeypatch):
    monkeypatch.delenv(threads.VARIABLE, raising=False)
    found: list[int] = []
    thread = Thread(target=lambda: found.append(threads.allowed()))
    thread.start()
    thread.join()
    assert found == [1]
    assert list(each(_allowed, [0, 0], n_jobs=2)) == [1, 1]


def _allowed(_: int) -> int:
    return threads.allowed()


def test_what_the_environment_says(monkeypatch):
    monkeypatch.setenv(threads.VARIABLE, "3")
    assert threads.allowed() == 3
    for wrong in ("0", "two", "-1"):
        monkeypatch.setenv(threads.VARIABLE, wrong)
        with pytest.raises(DataError, match=threads.VARIABLE):
            threads.allowed()
    monkeypatch.delenv(threads.VARIABLE)
    assert threads.allowed() <= min(2, os.cpu_count() or 1)


def used_by_blas() -> set[int]:
    return {one["num_threads"] for one in ThreadpoolController().select(user_api="blas").info()}


def test_linear_algebra_has_its_threads_back_when_the_last_has_gone():
    with threadpool_limits(limits=2, user_api="blas"):
        before = used_by_blas()
        first, second = threads.one_for_blas(), threads.one_for_blas()
        with first:
            second.__enter__()
            assert used_by_blas() == {1}
        assert used_by_blas() == {1}  # one is still inside, as in another thread
        second.__exit__(None, None, None)
        assert used_by_blas() == before


def test_linear_algebra_has_its_threads_back_after_an_error():
    with threadpool_limits(limits=2, user_api="blas"):
        before = used_by_blas()
        with pytest.raises(DataError), threads.one_for_blas():
            raise DataError("no fit")
        assert used_by_blas() == before
