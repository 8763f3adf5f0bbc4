"""Linear algebra of a run on one thread."""

from __future__ import annotations

from threadpoolctl import threadpool_info, threadpool_limits

from sim.engine.threads import one_blas_thread


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_one_thread_as_long_as_any_run_needs_it() -> None:
    """The limit is of the process: the last run that ends gives the threads back."""
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_blas_thread():
            assert blas_threads() == {1}
            with one_blas_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == before
