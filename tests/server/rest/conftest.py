"""Fixtures of the dashboard's routes: a real Docker engine, as in tests/system."""

from __future__ import annotations

import pytest

from tests.system.conftest import _engine, engine

__all__ = ["_engine", "anyio_backend", "engine"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
