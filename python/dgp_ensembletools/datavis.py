"""Which training frames the members of an ensemble share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from posse.result import html_table
from posse.study import inclusion_matrix

__all__ = ["DataInclusion"]


class DataInclusion:
    """Membership of frames in the members' training sets.

    Parameters
    ----------
    datadict : mapping
        Member -> {"frame_inds": iterable of int, "performance": number}. Performance is a cost: lower is better.

    Attributes
    ----------
    datadict : mapping
    all_frames : set of int
        Every frame that some member was trained on.

    Examples
    --------
    >>> inclusion = DataInclusion(
    ...     {
    ...         "first": {"frame_inds": [7, 3], "performance": 2.5},
    ...         "second": {"frame_inds": [3], "performance": 1.5},
    ...     }
    ... )
    >>> matrix, frames, members = inclusion.make_sorted_mat()
    >>> frames, members
    ([3, 7], ['second', 'first'])
    >>> matrix
    array([[ True, False],
           [ True,  True]])
    """

    def __init__(self, datadict: Mapping[Hashable, Mapping[str, Any]]) -> None:
        self.datadict = datadict
        self.all_frames = self.get_all_frames()

    def __repr__(self) -> str:
        return f"<DataInclusion of {len(self.datadict)} members and {len(self.all_frames)} frames>"

    def _repr_html_(self) -> str:
        """A table for notebooks: one row per member, the best first."""
        matrix, _, members = self.make_sorted_mat()
        rows = [
            (str(member), str(int(included.sum())), str(self.datadict[member]["performance"]))
            for member, included in zip(members, matrix)
        ]
        return html_table(("member", "training frames", "performance"), rows, repr(self).strip("<>"))

    def get_all_frames(self) -> set[int]:
        """Every frame that some member was trained on."""
        return {frame for member in self.datadict.values() for frame in member["frame_inds"]}

    def make_mat(self) -> tuple[npt.NDArray[np.bool_], list[int], list[Hashable]]:
        """Matrix [members, frames] of who was trained on what, its columns' frames, its rows' members.

        Columns ascend (the original left their order to chance); rows are in the order of `datadict`.
        """
        return self._matrix(list(self.datadict))

    def make_sorted_mat(self) -> tuple[npt.NDArray[np.bool_], list[int], list[Hashable]]:
        """As :meth:`make_mat`, with the best member (the lowest cost) first; equal ones keep their order."""

        def cost(member: Hashable) -> float:
            return float(self.datadict[member]["performance"])

        return self._matrix(sorted(self.datadict, key=cost))

    def _matrix(self, members: list[Hashable]) -> tuple[npt.NDArray[np.bool_], list[int], list[Hashable]]:
        matrix, frames = inclusion_matrix([self.datadict[member]["frame_inds"] for member in members])
        return matrix, frames, members
