"""The dashboard's routes about servers, record, settings, voices, wake words, policy and privacy, by the settings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from fastapi import APIRouter

from jett.app.dashboard_containers import containers_part
from jett.app.dashboard_pages import OtherJetts, policy_page, privacy_page
from jett.app.dashboard_wake import DashboardWake
from jett.app.needs import store
from jett.app.servers import Servers
from jett.app.settings_editor import Applier, SettingsEditor
from jett.app.voice_previews import VoicePreviews
from jett.core.clock import MonotonicClock
from jett.ops.operations import now
from jett.server.confirmations import Publish
from jett.server.rest import audit, policy, privacy, voices, wake
from jett.server.rest import settings as settings_routes
from jett.settings import Settings


@asynccontextmanager
async def dashboard_routes(
    settings: Settings,
    servers: Servers,
    tasks: TaskGroup,
    publish: Publish,
    *,
    voice: str,
    overrides: Mapping[str, Any] | None = None,
    has_gpu: bool = False,
    appliers: Mapping[str, Applier] | None = None,
    others: OtherJetts = tuple,
) -> AsyncGenerator[list[APIRouter], None]:
    """Routers to be mounted inside the doors. Raises ConfigError.

    `tasks` outlives every request and ends after the server; `publish` hands an event to every browser, on the event
    loop. `voice` is the backend that speaks (`kokoro`, `piper`); `overrides` and `has_gpu` as `Settings.load` had them;
    `appliers` puts a changed setting to use at once; `others` are the user's other Jetts, for the privacy page.
    """
    now_s = MonotonicClock().now_s
    previews = VoicePreviews(settings, store(settings), voice)
    editor = SettingsEditor(
        servers.gate.note, publish, now=now, overrides=overrides, has_gpu=has_gpu, appliers=appliers
    )
    try:
        yield [
            containers_part(servers, tasks, publish, actions=settings.server.actions),
            audit.router(servers.gate.audit, now_s=now_s),
            settings_routes.router(editor, now_s=now_s),
            voices.router(previews, now_s=now_s),
            wake.router(DashboardWake(editor.current, store(settings)), now_s=now_s),
            policy.router(lambda: policy_page(settings, servers.gate.policy)),
            privacy.router(partial(privacy_page, settings, others)),
        ]
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(previews.close)
