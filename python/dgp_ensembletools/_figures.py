"""Example frames: members and consensus drawn over a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CONSENSUS_COLOR", "MEMBER_COLORS", "PART_MARKERS", "draw_example_frame"]


class NumpyIndexed(list[str]):
    """A list that numpy's truth values index too: of numpy 2 they no longer index lists."""

    def __getitem__(self, at: Any) -> Any:
        return super().__getitem__(int(at) if isinstance(at, np.bool_) else at)


MEMBER_COLORS = ["red", "blue", "green", "purple", "magenta"]
CONSENSUS_COLOR = "yellow"
PART_MARKERS = NumpyIndexed(["d", "s", "o", "p", "*", "^", "<", ">", "h"])


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("example frames need matplotlib (Debian: python3-matplotlib)") from error
    return pyplot


def member_colors(count: int) -> list[Any]:
    """The original's colours, then others as different from each other and from the consensus as a wheel allows."""
    if count <= len(MEMBER_COLORS):
        return MEMBER_COLORS[:count]
    from matplotlib import colors

    extra = count - len(MEMBER_COLORS)
    # Hues from cyan over blue to pink: the yellow of the consensus stays alone.
    return MEMBER_COLORS + [colors.hsv_to_rgb((0.3 + 0.6 * (i + 0.5) / extra, 0.65, 1.0)) for i in range(extra)]


def draw_example_frame(
    picture: npt.NDArray[np.uint8],
    members: dict[str, npt.NDArray[np.float64]],
    consensus: npt.NDArray[np.float64],
    consensus_label: str,
) -> Any:
    """Draws into matplotlib's current axes and gives back the current figure.

    Parameters
    ----------
    picture : [height, width, 3]
    members : name -> [2, bodyparts]
    consensus : [2, bodyparts]
    consensus_label : str
        For the legend.
    """
    pyplot = _pyplot()
    axes = pyplot.gca()
    axes.imshow(picture)
    layers = [
        (name, pose, color, 4, 0.5) for (name, pose), color in zip(members.items(), member_colors(len(members)))
    ]
    layers.append((consensus_label, consensus, CONSENSUS_COLOR, 5, 1.0))
    for label, pose, color, size, alpha in layers:
        for part in range(pose.shape[1]):
            axes.plot(
                pose[0, part],
                pose[1, part],
                linestyle="None",
                marker=PART_MARKERS[part % len(PART_MARKERS)],
                markersize=size,
                color=color,
                alpha=alpha,
                label=label if part == 0 else None,
            )
    axes.set_axis_off()
    axes.legend(numpoints=1)
    return pyplot.gcf()
