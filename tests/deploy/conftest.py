"""The server of deploy/, started once for all tests that need it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.support import cannot_be_tested
from tests.deploy.vps import Vps, vps, why_no_vps


@pytest.fixture(scope="session")
def server() -> Iterator[Vps]:
    """The shipped stack behind a real tunnel; skipped where there can be none."""
    if missing := why_no_vps():
        cannot_be_tested(missing)
    with vps() as running:
        yield running
