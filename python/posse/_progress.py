"""Who is told how far a run has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Union, cast

__all__ = ["Progress", "ProgressBar", "as_callback"]


class ProgressBar(Protocol):
    """What a tqdm bar offers, as far as it is used here."""

    n: Any
    total: Any

    def update(self, n: int) -> object:
        """Moves on by `n` frames."""

    def refresh(self) -> object:
        """Draws the bar again."""


#: Called with the number of frames done and their total (None where the video does not say), or a tqdm bar.
Progress = Union[Callable[[int, "int | None"], object], ProgressBar]


def as_callback(progress: Progress | None) -> Callable[[int, int | None], object] | None:
    """The function that the compiled part calls."""
    if progress is None:
        return None
    if not hasattr(progress, "update"):
        if not callable(progress):
            raise TypeError(f"progress must be a function of (done, total) or a tqdm bar, not {type(progress).__name__}")
        return progress
    bar = cast(ProgressBar, progress)

    def move(done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done == total:
            bar.refresh()

    return move
