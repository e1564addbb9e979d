"""Each layer's backward against differences of its forward; and a network that learns what can be learnt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from jett.training.layers import Array, Dense, Flatten, Layer, LayerNorm, Relu
from jett.training.network import network
from jett.training.optimiser import Pool, Recipe, logits_of, train

RNG = np.random.default_rng(1)
LAYERS: dict[str, tuple[Callable[[], Layer], tuple[int, ...]]] = {
    "dense": (lambda: Dense(5, 4, RNG), (3, 5)),
    "dense over frames": (lambda: Dense(5, 4, RNG), (3, 6, 5)),
    "layer norm": (lambda: LayerNorm(5), (3, 6, 5)),
    "relu": (Relu, (3, 5)),
    "flatten": (Flatten, (3, 4, 5)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_backward_is_the_slope_of_forward(name: str) -> None:
    make, shape = LAYERS[name]
    layer = make()
    layer.values = [value.astype(np.float64) for value in layer.values]
    x = RNG.normal(0.0, 1.0, shape)
    towards = RNG.normal(0.0, 1.0, layer.forward(x, None).shape)  # type: ignore[arg-type]

    def loss() -> float:
        return float((layer.forward(x, None) * towards).sum())  # type: ignore[arg-type]

    loss()
    by_input = layer.backward(towards)  # type: ignore[arg-type]
    slopes: list[tuple[NDArray[Any], NDArray[Any]]] = [(x, by_input)]
    slopes += zip(layer.values, layer.gradients, strict=True)
    for array, gradient in slopes:
        for at in [tuple(RNG.integers(size) for size in array.shape) for _ in range(10)]:
            was, step = array[at], 1e-5
            array[at] = was + step
            above = loss()
            array[at] = was - step
            below = loss()
            array[at] = was
            assert float(gradient[at]) == pytest.approx((above - below) / (2 * step), rel=1e-3, abs=1e-4)


def _sequences(rng: np.random.Generator, count: int, *, called: bool) -> list[Array]:
    """Noise of 20 frames; in a call a pattern lies in the last frames of each window."""
    found = []
    for _ in range(count):
        rows = rng.normal(0.0, 1.0, (20, 96)).astype(np.float32)
        if called:
            rows[10:16, :8] += 2.0
        found.append(rows)
    return found


def test_a_network_learns_to_tell_calls_from_the_rest() -> None:
    rng = np.random.default_rng(3)
    calls, others = Pool(), Pool()
    for rows in _sequences(rng, 60, called=True):
        calls.add(rows, windows=slice(0, 4))
    for rows in _sequences(rng, 60, called=False):
        others.add(rows)
    one = network(*others.statistics(), rng, width=16)
    steps: list[int] = []
    train(one, calls, others, Recipe(steps=120, batch=64, mine_every=40), rng, lambda done, whole: steps.append(done))
    heard = [logits_of(one, rows)[:4].max() for rows in _sequences(rng, 30, called=True)]
    unheard = [logits_of(one, rows).max() for rows in _sequences(rng, 30, called=False)]
    assert np.mean(np.array(heard) > np.median(unheard)) > 0.9
    assert steps[-1] == 120


def test_a_seed_gives_the_same_network_again() -> None:
    def trained() -> list[Array]:
        rng = np.random.default_rng(5)
        calls, others = Pool(), Pool()
        for rows in _sequences(rng, 5, called=True):
            calls.add(rows, windows=slice(0, 4))
            others.add(rows[::-1].copy())
        one = network(*others.statistics(), rng, width=8)
        train(one, calls, others, Recipe(steps=20, batch=16, mine_every=10), rng, lambda done, whole: None)
        return one.parameters()

    assert all(np.array_equal(a, b) for a, b in zip(trained(), trained(), strict=True))


def test_windows_of_a_pool_are_cut_from_its_sequences_and_never_across_two() -> None:
    pool = Pool()
    pool.add(np.full((18, 96), 1.0, dtype=np.float32), 2.0)
    pool.add(np.zeros((15, 96), dtype=np.float32))
    pool.add(np.full((16, 96), 3.0, dtype=np.float32))
    windows = pool.windows(np.arange(len(pool)))
    assert windows.shape == (4, 16, 96)
    assert [set(window.ravel()) for window in windows] == [{1.0}, {1.0}, {1.0}, {3.0}]
    assert list(pool.weights) == [2.0, 2.0, 2.0, 1.0]
