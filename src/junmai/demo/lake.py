"""Photos of a morning at a mountain lake."""

from __future__ import annotations

import math

import numpy as np

from junmai.demo.canvas import (
    Picture,
    Plane,
    Rng,
    blur,
    colour,
    lay_over,
    noise_tile,
    patch,
    sample_tile,
    smoothstep,
    three,
    tinted,
    wander,
)
from junmai.demo.layer import Layer, Tint
from junmai.demo.plants import Stencil, blade, spruce
from junmai.demo.sky import Hour, haze_colour, mist, paint_sky, paint_water
from junmai.demo.terrain import View, forest, look, make_terrain


def lake_view(hour: Hour, rng: Rng, width: int, height: int, place: int) -> Picture:
    """Mountains over the lake, mirrored in it; reeds or a jetty in front."""
    long = max(width, height)
    focal = long * float(rng.uniform(0.85, 1.5))
    horizon = round(height * float(rng.uniform(0.46, 0.62)))
    shore = horizon + 2
    extra = max(0, height - shore - shore) + round(0.1 * height)  # sky above the frame, for the mirror
    rows = shore + extra
    azimuth = float(rng.uniform(0, 2 * math.pi))
    eye = 6.0
    sky = paint_sky(hour, rng, width=width, rows=rows, horizon=horizon + extra, focal=focal)
    view = look(
        make_terrain(place), width=width, rows=rows, horizon=horizon + extra, focal=focal, azimuth=azimuth, eye=eye
    )
    land = shade_land(view, hour, azimuth)
    lay_over(sky[view.top :], land, blur(view.seen.astype(np.float32), 0.5))
    shore_trees(sky, hour, rng, foot=rows - 1)
    mist(sky, hour, rng, row=rows, spread=height * 0.05, strength=min(hour.haze, 1.4) * 0.7)
    water = paint_water(
        sky,
        hour,
        rng,
        rows=height - shore,
        shore=rows - 1,
        horizon=rows - 3,
        focal=focal,
        wind=float(rng.uniform(0.15, 1.0)),
    )
    picture = np.concatenate([sky[extra:], water])
    mist(picture, hour, rng, row=shore, spread=height * 0.03, strength=min(hour.haze, 1.4) * 0.5)
    if rng.random() < 0.3:
        jetty(picture, hour, rng, horizon=horizon, focal=focal)
    else:
        reeds(picture, hour, rng)
    return picture


def shade_land(view: View, hour: Hour, azimuth: float) -> Picture:
    """Light, wood, rock, snow and haze on what is seen of the terrain, shape as the view."""
    bearing, up = azimuth + math.radians(hour.sun_side), math.radians(max(hour.sun_up, 2.0))
    sun = colour((math.sin(bearing) * math.cos(up), math.sin(up), math.cos(bearing) * math.cos(up)))
    facing = view.normal @ sun
    direct = np.clip(facing * np.float32(1.5), 0, 1) * smoothstep(-0.9, 0.2, view.openness)
    wood = forest(view.height, view.east, view.north)
    detail = sample_tile(noise_tile(2, 0.7), view.east / 9, view.north / 9)
    snow_line = np.float32(1050) + detail * 120
    snow = smoothstep(-80, 120, view.height - snow_line) * smoothstep(0.55, 0.8, view.normal[..., 1])
    grass = smoothstep(0.72, 0.9, view.normal[..., 1]) * (1 - snow)
    albedo = tinted(1 + detail * np.float32(0.22), colour((0.16, 0.145, 0.13)))
    lay_over(albedo, colour((0.10, 0.115, 0.045)), grass * np.float32(0.8))
    crown = sample_tile(noise_tile(2, 0.35), view.east / 7, view.north / 7)
    lay_over(albedo, tinted(1 + np.clip(crown, -0.9, 2) * np.float32(0.5), colour((0.022, 0.036, 0.020))), wood)
    lay_over(albedo, colour((0.78, 0.80, 0.84)), snow)
    open_sky = np.float32(0.62) + np.float32(0.25) * (view.normal[..., 1] + view.openness)
    light = tinted(open_sky, colour(hour.zenith) * 0.75 + colour(hour.horizon) * 0.55)
    light += tinted(direct, colour(hour.sun) * np.float32(1.35))
    return aerial(albedo * light, view.distance, view.height, hour)


def aerial(land: Picture, distance: Plane, height: Plane, hour: Hour) -> Picture:
    """Air between: blue scatters first, and the haze is thicker near the water."""
    thick = np.float32(hour.haze) * (np.exp(-np.maximum(height, 0) / np.float32(420)) * np.float32(0.8) + 0.35)
    path = np.minimum(distance, np.float32(25_000)) * thick
    result = np.empty_like(land)
    for channel, (reach, haze) in enumerate(zip((15_000, 12_000, 9_000), haze_colour(hour), strict=True)):
        through = np.exp(path * np.float32(-1 / reach))
        result[..., channel] = (land[..., channel] - haze) * through + haze
    return result


def shore_trees(picture: Picture, hour: Hour, rng: Rng, *, foot: int) -> None:
    """A headland of spruces that enters from one side, in place."""
    height, width = picture.shape[:2]
    if rng.random() < 0.25:
        return
    left = rng.random() < 0.5
    reach = width * float(rng.uniform(0.2, 0.5))
    tall = height * float(rng.uniform(0.12, 0.30))
    stencil = Stencil(width, height)
    count = int(reach / width * 70) + 10
    bank = []
    for t in np.sort(rng.random(count)):
        x = t * reach if left else width - t * reach
        size = tall * (1.05 - t) ** 0.8 * float(rng.uniform(0.55, 1.1)) + height * 0.015
        stencil.polygon(spruce(rng, x, foot - tall * 0.10 * (1 - t), size))
        bank.append((x, foot - tall * 0.14 * (1 - t) - 1))
    edge = 0.0 if left else float(width)
    outline = [(edge, foot + 2.0), (edge, foot - tall * 0.2), *bank, (bank[-1][0], foot + 2.0)]
    stencil.polygon(np.array(outline))
    tint = colour(hour.zenith) * colour((0.05, 0.07, 0.05)) + colour(hour.sun) * colour((0.010, 0.012, 0.005))
    far = haze_colour(hour) * np.float32(0.035 * hour.haze)
    lay_over(picture, (tint + far).astype(np.float32), stencil.mask())


def jetty(picture: Picture, hour: Hour, rng: Rng, *, horizon: float, focal: float) -> None:
    """A wooden jetty that leads out from where the photographer stands, in place."""
    height, width = picture.shape[:2]
    side, turn = float(rng.uniform(-0.9, 0.9)), float(rng.uniform(-0.22, 0.22))
    half, end = 0.75, float(rng.uniform(7, 14))  # m
    layer = Layer(width, height)

    def slab(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], albedo: Tint) -> None:
        """A rectangle with opposite corners in metres: flat, or upright where both z are the same."""
        corners = [(x[0], y[0], z[0]), (x[1], y[0], z[0]), (x[1], y[1], z[1]), (x[0], y[1], z[1])]
        layer.polygon(
            [
                (width / 2 + focal * (px + side + turn * pz) / pz, horizon + focal * (1.75 - py) / pz)
                for px, py, pz in corners
            ],
            albedo,
        )

    near = focal * 1.75 / (height - horizon) * 0.55  # below the frame's lower edge
    slab((-half, half), (-0.25, -0.25), (near, end), (0.004, 0.005, 0.005))
    for z in np.arange(end, near, -2.3):
        for x in (-half - 0.02, half + 0.02):
            slab((x - 0.075, x + 0.075), (0, -0.95), (z, z), (0.015, 0.016, 0.016))
            slab((x - 0.075, x + 0.075), (0.95 if z == end else 0.62, 0), (z, z), (0.06, 0.05, 0.042))
    slab((-half, half), (0.28, 0.28), (near, end), (0.03, 0.026, 0.022))
    slab((-half, half), (0.28, 0.42), (end, end), (0.05, 0.04, 0.035))
    for z in np.arange(end, near + 0.145, -0.145):
        tone, ragged = float(rng.uniform(0.75, 1.2)), half + float(rng.normal(0, 0.018))
        slab((-ragged, ragged), (0.42, 0.42), (z, z - 0.13), (0.19 * tone, 0.165 * tone, 0.14 * tone))
    light = colour(hour.zenith) * 0.8 + colour(hour.horizon) * 0.55 + colour(hour.sun) * max(0.0, hour.sun_up) * 0.018
    grain = patch(rng, width, height, 0.6, zoom=(2.5, 0.8)) * np.float32(0.16) + np.float32(1)
    layer.over(picture, layer.albedo() * three(grain) * light.astype(np.float32))


def reeds(picture: Picture, hour: Hour, rng: Rng) -> None:
    """Reeds close to the lens, out of focus, in place."""
    height, width = picture.shape[:2]
    if rng.random() < 0.4:
        return
    long = max(width, height)
    for distance, count in ((0.3, 40), (1.0, 16)):
        stencil = Stencil(width, height)
        middle = float(rng.choice([0.05, 0.2, 0.8, 0.95])) * width
        for _ in range(count):
            x = middle + float(rng.normal(0, 0.12)) * width
            length = height * float(rng.uniform(0.2, 0.42)) * (0.7 + 0.5 * distance)
            stencil.polygon(
                blade(rng, x, height + 4.0, length, long * 0.006 * (0.5 + distance), float(rng.normal(0, 0.5)))
            )
        tint = colour((0.030, 0.036, 0.014)) * (colour(hour.zenith) + colour(hour.horizon) + colour(hour.sun) * 0.4)
        lay_over(picture, tint.astype(np.float32), blur(stencil.mask(), long * 0.0035 * distance))


def misty_forest(hour: Hour, rng: Rng, width: int, height: int) -> Picture:
    """Spruces on slopes, one row behind the other in the fog."""
    picture = paint_sky(hour, rng, width=width, rows=height, horizon=height * 0.9, focal=max(width, height) * 1.4)
    haze = haze_colour(hour)
    haze += (haze.mean() - haze) * np.float32(0.65)  # fog is greyer than the air
    lay_over(picture, haze, np.full((height, width), 0.55, dtype=np.float32))
    near = colour(hour.zenith) * colour((0.07, 0.10, 0.07)) + colour(hour.sun) * colour((0.010, 0.012, 0.006))
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(width)
    layers = 6
    for layer in range(layers):
        share = layer / (layers - 1)
        stencil = Stencil(width, height)
        tall = height * (0.06 + 0.36 * share**1.5)
        ground = height * (0.42 + 0.55 * share) + wander(rng, width, 1.7) * np.float32(height * 0.035)
        ground = ground + (columns / width - 0.5) * height * float(rng.uniform(-0.35, 0.35))
        for x in np.arange(-tall * 0.3, width + tall * 0.3, tall * (0.13 + 0.10 * share)):
            if rng.random() < 0.12 + 0.25 * share:
                continue
            at = x + float(rng.normal(0, 0.06)) * tall
            foot = float(ground[int(np.clip(at, 0, width - 1))]) + tall * 0.15
            stencil.polygon(spruce(rng, at, foot, tall * float(rng.uniform(0.55, 1.15))))
        outline = np.stack([columns, ground], 1)
        stencil.polygon(np.concatenate([outline, [[width, height + 4.0], [0, height + 4.0]]]))
        fog = (1 - share) ** 0.8 * 0.86 + 0.03
        top = int(np.clip(ground.min() - tall * 1.2, 0, height - 2))
        depth = np.clip((rows[top:] - ground[None, :] + tall) / np.float32(tall * 2.2), 0, 1).astype(np.float32)
        thick = np.clip(np.float32(fog) + depth * np.float32(0.45 * (1 - share) + 0.08), 0, 1)
        fogged = tinted(1 - thick, near) + tinted(thick, haze)
        lay_over(picture[top:], fogged, blur(stencil.mask()[top:], 0.4 + 0.8 * (1 - share)))
        mist(
            picture, hour, rng, row=float(ground.mean()) + tall * 0.2, spread=height * 0.07, strength=0.9 * (1 - share)
        )
    return picture
