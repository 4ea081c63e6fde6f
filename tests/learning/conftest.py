"""Every test here computes with one thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")
    from tests.learning.training.one_thread import one_thread

    with one_thread():
        yield
