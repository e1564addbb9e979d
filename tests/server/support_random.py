"""For property tests over sockets whose server runs in another thread."""

from __future__ import annotations

OTHERS_USE_RANDOM = "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
"""Hypothesis sees that Python's own generator moved while it drew: a WebSocket's ping in the server's thread did it."""
