"""Work in threads: the results in order, no item taken long before it is needed, errors as they are."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from edgekit.parallel import in_threads, let_others_first, processors


def test_results_come_in_the_items_order():
    assert list(in_threads(lambda x: x * x, range(200))) == [x * x for x in range(200)]
    assert list(in_threads(lambda x: x, [])) == []


def test_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = in_threads(lambda x: x, items())
    assert next(results) == 0
    assert len(taken) <= 2 * processors() + 1
    results.close()
    assert len(taken) <= 2 * processors() + 1


@pytest.mark.skipif(processors() < 2, reason="one processor has one thread")
def test_threads_work_at_the_same_time():
    meeting = threading.Barrier(2, timeout=30)
    assert sorted(in_threads(lambda _: meeting.wait(), range(2))) == [0, 1]


def test_an_error_ends_it():
    def fail(item):
        if item == 3:
            raise ValueError(item)
        return item

    results = in_threads(fail, range(1000))
    with pytest.raises(ValueError, match="3"):
        list(results)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priorities of their own")
def test_a_thread_that_lets_others_go_first_leaves_them_as_they_were():
    before = os.nice(0)
    with ThreadPoolExecutor(1, initializer=let_others_first) as pool:
        assert pool.submit(os.nice, 0).result() > before
    assert os.nice(0) == before
