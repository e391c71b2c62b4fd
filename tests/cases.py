"""Cases that cost little: many in one test, because to collect and report hundreds of tests takes longer than to run them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st

__all__ = ["LETTERS", "in_one_test"]

LETTERS = st.characters(exclude_categories=["Cs"])
"""What UTF-8 can encode. `st.text()` means the same, and takes seconds to find that out in each fresh copy of this tree."""

MOST_WORDS = 1_000


def in_one_test(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for every case, as `pytest.mark.parametrize` does, but as one test. The first case that fails is named below its error.

    Fixtures are made once for all cases, so each case must leave them as it found them.
    """
    wanted = (names,) if isinstance(names, str) else names
    all_values = [dict(zip(wanted, [case] if isinstance(names, str) else case, strict=True)) for case in cases]
    assert all_values, "a test without a case tests nothing"

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run_all(**others: Any) -> None:
            for values in all_values:
                try:
                    test(**others, **values)
                except BaseException as error:
                    error.add_note(f"in the case {values}"[:MOST_WORDS])
                    raise

        signature = inspect.signature(test)
        others = [parameter for name, parameter in signature.parameters.items() if name not in wanted]
        run_all.__signature__ = signature.replace(parameters=others)  # pytest reads there which fixtures to make
        return run_all

    return decorate
