"""The base look: what a RAW with no settings looks like.

`neutral` is linear, `standard` one fixed curve, `camera` a curve and a small colour matrix that bring the photo to
the preview which the camera put into the file. A look is plain functions; the kernels sample them into tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from junmai.develop import color, tone
from junmai.develop.curves import slopes

BaseLook = Literal["camera", "standard", "neutral"]
Values = NDArray[np.float64]
Curve = Callable[[Values], Values]

MOST_CELLS = 128
"""Long edge of the small pictures that are compared. Coarser than what registration leaves over: at 270 cells a
preview that lies two pixels beside the sensor's picture raised the residual of the best table from 2.7 to 4.9."""

_LOW_EV, _NODE_EV = -10.0, 0.5
_FULL_DISPLAY = 0.95
"""Above this a preview's channel may be clipped and says nothing about colour."""
_STIFF = 0.006
"""Weight of the colour matrix's distance from doing nothing against the mean square of what it can explain."""


@dataclass(frozen=True)
class Base:
    """A base look.

    `curve` takes scene light (any shape, 0.18 is middle grey) to display light 0..1 and rises; `top` is the light at
    which it reaches 1. `colors` takes linear display light of the working space (n, 3) to the same and keeps grey,
    None if it changes nothing. `key` is the same for looks that do the same.
    """

    name: BaseLook
    curve: Curve
    top: float
    colors: Callable[[Values], Values] | None = None
    key: bytes = b""


def standard() -> Base:
    """One film-like curve, colours as the camera's matrix gives them."""
    return Base("standard", tone.base_curve, tone.RAW_GAIN, key=b"standard")


def neutral() -> Base:
    """Linear: a full sensor is white."""
    return Base("neutral", lambda light: np.clip(light / tone.RAW_GAIN, 0, 1), tone.RAW_GAIN, key=b"neutral")


def matched(scene: Values, preview: Values, top: float) -> Base | None:
    """The look that turns `scene` into `preview`; None where the pair does not show one.

    Both are (rows, columns, 3) in the linear working space, the same view cell by cell: `scene` is light as the
    curve gets it, `preview` display light. `top` is the light of a full sensor.
    """
    scene, preview = scene.reshape(-1, 3), np.clip(preview.reshape(-1, 3), 0, 1)
    nodes = _tone(scene @ color.WORKING_LUMINANCE, preview @ color.WORKING_LUMINANCE, top)
    if nodes is None:
        return None
    matrix = np.eye(3)
    for _ in range(2):  # the matrix moves luminance a little, so the curve is matched once more
        toned = apply_curve(scene, nodes.light)
        matrix = _color_matrix(toned, preview)
        seen = np.clip(toned @ matrix.T, 0, 1) @ color.WORKING_LUMINANCE
        asked = nodes.inverse(seen)
        nodes = _tone(asked, preview @ color.WORKING_LUMINANCE, top) or nodes
    toned = apply_curve(scene, nodes.light)
    matrix = _color_matrix(toned, preview)
    key = b"camera" + nodes.code.tobytes() + matrix.tobytes()  # whole: what is near it is another look
    kept = matrix.T.copy()
    return Base("camera", nodes.light, top, lambda rgb: np.asarray(rgb @ kept, dtype=np.float64), key)


def apply_curve(rgb: Values, curve: Curve) -> Values:
    """A curve on (n, 3) as the kernels do it: on the largest and smallest channel, hue kept."""
    low, top = rgb.min(axis=1), rgb.max(axis=1)
    new_low, new_top = curve(low), curve(top)
    stretch = (new_top - new_low) / np.maximum(top - low, 1e-7)
    return np.asarray(new_low[:, None] + (rgb - low[:, None]) * stretch[:, None], dtype=np.float64)


# --- tone --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Nodes:
    """A curve from light (in EV from 1.0) to sRGB codes 0..1, through nodes half an EV apart."""

    ev: Values
    code: Values
    slope: Values

    def light(self, light: Values) -> Values:
        """Scene light to display light; below the lowest node in proportion to light."""
        floor = 2.0 ** self.ev[0]
        ev = np.log2(np.maximum(light, floor))
        shown = np.asarray(color.srgb_decode(cubic(ev, self.ev, self.code, self.slope)), dtype=np.float64)
        return np.asarray(shown * np.clip(np.asarray(light) / floor, 0, 1), dtype=np.float64)

    def inverse(self, shown: Values) -> Values:
        """Display light to the scene light that gives it."""
        ev = np.linspace(self.ev[0], self.ev[-1], 2048)
        return np.asarray(2.0 ** np.interp(shown, self.light(2.0**ev), ev), dtype=np.float64)


def _tone(scene: Values, preview: Values, top: float) -> _Nodes | None:
    """The curve that gives the scene's luminance the distribution of the preview's; None if there is no range.

    Matched quantiles need no registration. They are fitted in code values over EV by least squares, with a small
    weight on every bend that the standard curve does not have, so that parts which the photo does not show follow
    the standard curve.
    """
    shares = np.linspace(0.005, 0.995, 199)
    ev = np.log2(np.maximum(np.quantile(scene, shares), 2.0**_LOW_EV))
    code = np.asarray(color.srgb_encode(np.quantile(preview, shares)), dtype=np.float64)
    if ev[-10] - ev[10] < 1.0 or code[-10] - code[10] < 0.1:
        return None
    top_ev = float(np.log2(top))
    count = round((top_ev - _LOW_EV) / _NODE_EV)
    nodes = np.asarray(top_ev - np.arange(count, -1, -1) * _NODE_EV, dtype=np.float64)
    # The standard curve, moved so that the photo's middle lies right, is what the fit leans on.
    middle = float(np.interp(np.median(code), color.srgb_encode(tone.base_curve(2.0**nodes)), nodes))
    moved = 2.0 ** (nodes + middle - float(np.median(ev)))
    prior = np.asarray(color.srgb_encode(tone.base_curve(moved)), dtype=np.float64)
    used = code < 0.985  # clipped whites lie anywhere above
    values = _fit(nodes, prior, ev[used], code[used])
    values = np.clip(np.maximum.accumulate(values), 0, 1)
    return _Nodes(nodes, values, slopes(nodes, values))


def _fit(nodes: Values, prior: Values, ev: Values, code: Values) -> Values:
    count = len(nodes)
    at = np.clip((ev - nodes[0]) / _NODE_EV, 0, count - 1.001)
    left = at.astype(int)
    rows = np.zeros((len(ev), count))
    rows[np.arange(len(ev)), left] = 1 - (at - left)
    rows[np.arange(len(ev)), left + 1] = at - left
    bend = np.diff(np.eye(count), 2, axis=0) * np.sqrt(0.05 * len(ev) / count)
    step = np.diff(np.eye(count), 1, axis=0) * np.sqrt(0.002 * len(ev) / count)
    ends = np.zeros((2, count))
    ends[0, 0] = ends[1, -1] = np.sqrt(len(ev) * 0.05)
    wanted = [code, bend @ prior, step @ prior, ends @ np.concatenate([[0.0], prior[1:-1], [1.0]])]
    solution = np.linalg.lstsq(np.vstack([rows, bend, step, ends]), np.concatenate(wanted), rcond=None)[0]
    return np.asarray(solution, dtype=np.float64)


def cubic(at: Values, x: Values, y: Values, slope: Values) -> Values:
    """The cubic through points with those slopes; values are held beyond the ends."""
    at = np.clip(at, x[0], x[-1])
    left = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    width = x[left + 1] - x[left]
    t = (at - x[left]) / width
    a, b, da, db = y[left], y[left + 1], slope[left] * width, slope[left + 1] * width
    return np.asarray(
        a + t * (da + t * (3 * (b - a) - 2 * da - db + t * (2 * (a - b) + da + db))),
        dtype=np.float64,
    )


# --- colour ------------------------------------------------------------------------------------------------


def _color_matrix(toned: Values, preview: Values) -> color.Matrix:
    """Rows that sum to 1, so that grey stays grey, by least squares in about perceptual units, held near identity.

    The error of a channel is weighted by the slope of the cube root at its value. A preview without any colour (the
    camera was set to black and white) says nothing about colours: then it is the identity.
    """
    chroma = preview.max(axis=1) - preview.min(axis=1)
    matrix = np.eye(3)
    if np.quantile(chroma, 0.99) < 0.004:
        return matrix
    open_ = (preview.max(axis=1) < _FULL_DISPLAY) & (toned.max(axis=1) < _FULL_DISPLAY)
    for row in range(3):
        others = [each for each in range(3) if each != row]
        weight = (preview[:, row] + 0.02) ** (-2 / 3) * open_
        known = (toned[:, others] - toned[:, [row]]) * weight[:, None]
        wanted = (preview[:, row] - toned[:, row]) * weight
        stiff = _STIFF * len(toned) * np.eye(2)
        share = np.linalg.solve(known.T @ known + stiff, known.T @ wanted)
        share = np.clip(share, -0.4, 0.4)
        matrix[row, others] = share
        matrix[row, row] = 1 - share.sum()
    return matrix
