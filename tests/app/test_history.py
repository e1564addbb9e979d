"""What goes from the history by its age is kept nowhere else either."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from jett.app.history import told_of_ageing
from jett.history import Archive
from jett.history.recorder import Recorder
from jett.server.live import Live
from tests.history.support import HANG_LIMIT_S, report, sqlite_database

pytestmark = pytest.mark.anyio
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_browser_that_comes_back_is_sent_nothing_that_went_by_its_age(tmp_path: Path) -> None:
    """As after a deletion by request; what comes later is sent again."""
    archive, live, forgotten = Archive(sqlite_database(tmp_path), days=90), Live(), anyio.Event()
    now_ms = archive.recorder.now_ms()
    long_ago = Recorder(archive.database, now_ms=lambda: now_ms - 91 * DAY_MS)
    long_ago.begin("local", "voice/owner").observe(report())
    assert long_ago.written(HANG_LIMIT_S)
    long_ago.close()
    with live.watching() as ([hello], _):
        live.publish("turn", {"transcript": "Is n8n up?"})

    def forget() -> None:
        live.forget()
        forgotten.set()

    with told_of_ageing(archive, forget):
        archive.recorder.tidy()
        with anyio.fail_after(HANG_LIMIT_S):
            await forgotten.wait()
    archive.close()
    with live.watching(hello.id) as (missed, _):
        assert [event.name for event in missed] == ["reset"]
