"""One pass over the networks for all that is asked of the same frames.

What a pass computes is kept in the cache of scoremaps; poses of members and the consensus by mean and by median are made from
those maps, so that predicting, scoremaps, consensus and comparison of the same frames run the networks once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

import posse
from dgp_ensembletools._cache import ScoremapCache, content_key
from dgp_ensembletools._numerics import Array, Maps
from dgp_ensembletools._progress import Progress
from posse import _core
from posse.ensemble import consecutive_runs

__all__ = ["Pass", "consensus_poses"]

#: Scoremaps that are held beside the result while it is filled.
_FRAMES_AT_ONCE = 256
_BYTES_AT_ONCE = 256 << 20


class Pass:
    """The scoremaps of some networks on a video, each computed once.

    Parameters
    ----------
    networks : posse.Ensemble
    caches : sequence of ScoremapCache or None
        One for each member; None keeps nothing.
    video : Path
    """

    def __init__(self, networks: posse.Ensemble, caches: Sequence[ScoremapCache | None], video: Path) -> None:
        self.networks = networks
        self.video = video
        self.bytes_per_frame = sum(networks.scoremap_bytes(video))
        self._caches = caches
        self._keys = [
            content_key(video, member.fingerprint, networks.backend) if cache is not None else ""
            for cache, member in zip(caches, networks.members)
        ]
        #: Channels of the ensemble's order of bodyparts, for each member's own order, in which the cache keeps them; and back.
        self._to_own = [[networks.bodyparts.index(name) for name in m.bodyparts] for m in networks.members]
        self._from_own = [[m.bodyparts.index(name) for name in networks.bodyparts] for m in networks.members]

    @property
    def frames_at_once(self) -> int:
        return max(1, min(_FRAMES_AT_ONCE, _BYTES_AT_ONCE // max(self.bytes_per_frame, 1)))

    def chunks(
        self, frames: Sequence[int], progress: Progress | None = None
    ) -> Iterator[tuple[list[int], list[Maps]]]:
        """Frames, each once and rising, with each member's logits [frames, height, width, bodyparts].

        Frames that the video does not have, although its container says so, are left out.
        """
        wanted = sorted(set(frames))
        keep = self._fits(len(wanted))
        for start in range(0, len(wanted), self.frames_at_once):
            some = wanted[start : start + self.frames_at_once]
            found = [cache.load(key, some) if cache else {} for cache, key in zip(self._caches, self._keys)]
            missing = [frame for frame in some if any(frame not in maps for maps in found)]
            for run in consecutive_runs(missing):
                self._compute(run, found, keep)
            there = [frame for frame in some if all(frame in maps for maps in found)]
            if progress is not None:
                progress(start + len(some), len(wanted))
            if there:
                yield (
                    there,
                    [
                        np.stack([maps[frame] for frame in there])[..., order]
                        for maps, order in zip(found, self._from_own)
                    ],
                )

    def whole_video(self, progress: Progress | None) -> tuple[npt.NDArray[np.int64], Array, Array, list[str]]:
        """Every frame that can be decoded: their numbers, poses of the first member [frames, bodyparts, 2] by the DeepGraphPose
        rule, likelihoods [frames, bodyparts], and what was odd about the video."""
        count = _core.FrameIterator(self.video, None).container_num_frames
        if count is None or not self._fits(count) or self._caches[0] is None:
            result = self.networks.run(self.video, progress=progress)
            return result.frame_index, result.member_poses[0], result.member_likelihood[0], []
        parts: list[_core.FrameResults] = []

        def take(part: _core.FrameResults) -> None:
            self._store(part.frame_index.tolist(), part.take_scoremaps())
            parts.append(part)

        last = self.networks._core.run(self.video, None, "mean", progress, take, self.frames_at_once, True)
        return (
            np.concatenate([part.frame_index for part in parts]),
            np.concatenate([part.member_poses[0] for part in parts]),
            np.concatenate([part.member_likelihood[0] for part in parts]),
            last.warnings,
        )

    def _fits(self, num_frames: int) -> bool:
        """Whether so many frames are worth keeping: beyond the cache's size each would push out another."""
        kept = [cache.limit_bytes for cache in self._caches if cache is not None]
        return bool(kept) and self.bytes_per_frame * num_frames <= min(kept)

    def _compute(self, run: range, found: list[dict[int, Maps]], keep: bool) -> None:
        index, members = self.networks._core.scoremaps(self.video, run, None)
        for maps, logits, order in zip(found, members, self._to_own):
            maps.update(zip(index.tolist(), logits[..., order]))
        if keep:
            self._store(index.tolist(), members)

    def _store(self, frames: list[int], members: Sequence[Maps]) -> None:
        for cache, key, logits, order in zip(self._caches, self._keys, members, self._to_own):
            if cache is not None:
                cache.store(key, frames, logits[..., order])


def consensus_poses(members: list[Maps], places: list[tuple[float, float, float, float]]) -> dict[str, Array]:
    """Consensus [frames, bodyparts, 2] in pixels by every method, from logits of all members and where their cells lie."""
    return {method: _core.consensus_keypoints(members, places, method)[0] for method in ("mean", "median")}


