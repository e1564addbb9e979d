"""A trained head made surer of one voice, from a few of its calls. Pure numpy; `app.wake_enrolling` gives it scenes.

The networks are trained on for a little with those calls against real speech, and half of the way is taken back: the
mean of old and new weights keeps what the old one knew of everybody else (Wortsman et al., 2022, "Robust fine-tuning
of zero-shot models"). How far, and what it costs others: benchmarks/LOG.md, "Wake words: enrolling".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from jett.training.layers import Array
from jett.training.network import Network
from jett.training.onnx_file import head_file, networks_of
from jett.training.optimiser import Pool, Progress, Recipe, train
from jett.training.scenes import CALL_WINDOWS

RECIPE = Recipe(steps=60, batch=192, rate=3e-4, negative_weight=4.0, mine_every=1_000)
SHARE = 0.5
"""Of the new weights."""


def sharpened(
    networks: Sequence[Network],
    calls: Sequence[Array],
    others: Sequence[Array],
    rng: np.random.Generator,
    progress: Progress,
    recipe: Recipe = RECIPE,
    share: float = SHARE,
) -> list[Network]:
    """Others than `networks`, which stay. `calls`: scenes as embeddings, (frames, 96), that `scenes.call` made.

    `others`: sequences of embeddings in which nobody calls.
    """
    called, not_called = Pool(), Pool()
    for rows in calls:
        called.add(rows, windows=slice(0, CALL_WINDOWS))
    for rows in others:
        not_called.add(rows)
    found = networks_of(head_file(networks, {}))

    def told(before: int, done: int, _: int) -> None:
        progress(before + done, recipe.steps * len(found))

    for n, (old, new) in enumerate(zip(networks, found, strict=True)):
        train(new, called, not_called, recipe, rng, partial(told, n * recipe.steps))
        mixed = zip(old.parameters(), new.parameters(), strict=True)
        new.take([((1 - share) * mine + share * theirs).astype(np.float32) for mine, theirs in mixed])
    return found
