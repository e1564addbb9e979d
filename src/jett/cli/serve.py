"""`jett serve`: the dashboard and the network paths, and beside them the talk through this machine's own microphone."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Annotated, Self

import anyio
import anyio.to_thread
import typer

from jett.app import App, open_app
from jett.app.announcing import Door, announcement_door, answering_the_door, taking_announcements
from jett.app.local_loop import LocalLoop
from jett.app.servers import owner
from jett.app.serving import ServerDoor, Serving, server_door, serving
from jett.app.wyoming import WyomingDoor, wyoming_door
from jett.cli import first_run as first
from jett.cli.browser import open_browser
from jett.cli.loading import user_settings
from jett.cli.profile import PROFILE_OPTION
from jett.cli.running import only_one, running_jetts
from jett.cli.sleep import sent_to_sleep
from jett.cli.talk import view_for
from jett.cli.talk_live import Company, converse
from jett.cli.views import View
from jett.core.errors import AlreadyRunning, AudioError, JettError
from jett.core.events import SessionEvent, Troubled
from jett.guard import Kind
from jett.models.vram_card import has_card
from jett.session.conversation import Conversation
from jett.settings import Settings

EPILOG = "Examples: jett serve  ·  jett serve --no-open  ·  jett link"

Open = Annotated[
    bool | None,
    typer.Option("--open/--no-open", help="Open the dashboard in a browser; by default where there is a desktop."),
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines: the address and a link first, then a line a turn.")]
Plain = Annotated[bool, typer.Option("--plain", help="Plain lines instead of the live view.")]
FirstRun = Annotated[
    bool,
    typer.Option(
        "--first-run", help="Fetch what is missing and test it first; without a microphone, answer an example."
    ),
]


def serve(open_it: Open = None, as_json: Json = False, plain: Plain = False, first_run: FirstRun = False) -> None:
    """Serve the dashboard at server.address, and talk through this machine's microphone where it has one.

    A one-time link lets a browser in; `jett link` prints another. Ctrl-C ends it.
    """
    settings = user_settings()
    view = view_for(settings, as_json=as_json, plain=plain)
    if first_run:
        first.prepare(settings, quiet=as_json)
    with server_door(settings) as door, announcement_door(settings) as announced, wyoming_door(settings) as wyoming:
        doors = _Doors(door, announced, wyoming)
        anyio.run(_Command(settings, view, doors, open_it, as_json, first_run).run)


@dataclass(frozen=True, slots=True)
class _Doors:
    """Where it listens."""

    server: ServerDoor
    announcements: Door | None
    wyoming: WyomingDoor | None


class _Command:
    """One run of `jett serve`."""

    def __init__(
        self,
        settings: Settings,
        view: View,
        doors: _Doors,
        open_it: bool | None,
        as_json: bool,
        first_run: bool,
    ) -> None:
        self._settings = settings
        self._view = view
        self._doors = doors
        self._open_it = open_it
        self._as_json = as_json
        self._first_run = first_run
        self._loop = LocalLoop()

    async def run(self) -> None:
        """Until Ctrl-C."""
        view = self._view
        view.note("loading …")
        with view:
            async with open_app(self._settings, on_warning=view.note) as app:
                view.ready(app)
                for trouble in app.troubles:
                    self._tell(trouble)
                problem = first.no_devices(self._settings) if self._settings.server.local_loop != "off" else ""
                if self._first_run:
                    await self._try_out(app, problem)
                async with self._serving(app) as served, self._answering(served):
                    await self._show(served)
                    await self._talk(app, served, problem)
                    self._tell_if_unannounced()
                    await anyio.sleep_forever()

    def _serving(self, app: App) -> AbstractAsyncContextManager[Serving]:
        return serving(
            app,
            self._doors.server,
            self._loop,
            self._tell,
            wyoming=self._doors.wyoming,
            has_gpu=has_card(),
            profile=PROFILE_OPTION.get(),
            others=lambda: [(other.pid, other.fetches) for other in running_jetts()],
        )

    def _answering(self, served: Serving) -> AbstractAsyncContextManager[None]:
        return answering_the_door(self._settings, self._doors.announcements, served.desk, self._tell)

    def _tell_if_unannounced(self) -> None:
        if self._settings.ops.announcements:
            self._tell(
                "ops.announcements: Jett holds no conversation here that could say them, so each is refused (503); "
                "start it where there is a microphone and a speaker, with server.local_loop other than off"
            )

    def _tell(self, trouble: str) -> None:
        self._view(Troubled(trouble))

    async def _try_out(self, app: App, problem: str) -> None:
        """As the first run of `jett talk` does: it always ends with a real spoken answer."""
        if problem:
            await first.answer_example(app, self._view)
        else:
            await first.self_test(app, self._view)

    async def _show(self, served: Serving) -> None:
        link = await anyio.to_thread.run_sync(served.link)
        if self._as_json:
            typer.echo(json.dumps({"address": served.url, "link": link}))
            return
        self._view.link(served.url, link)
        if open_browser(link, wanted=self._open_it):
            self._view.note("the dashboard opens in your browser")

    async def _talk(self, app: App, served: Serving, problem: str) -> None:
        """Hold the local conversation, if there is to be one; what ends it ends nothing else."""
        wanted = self._settings.server.local_loop
        if wanted == "off" or (wanted == "auto" and problem):
            if problem:
                self._view.note(f"{problem} (the dashboard's Talk page needs none here)")
            return
        try:
            with only_one():
                await self._converse(app, served)
            self._loop.ended()
        except (AudioError, AlreadyRunning) as error:
            self._loop.ended(str(error))
            self._tell(str(error))

    async def _converse(self, app: App, served: Serving) -> None:
        """At a seat like any other, since the engines are shared."""
        announced = partial(taking_announcements, app, None, trouble=self._tell, desk=served.desk)

        @asynccontextmanager
        async def beside(conversation: Conversation) -> AsyncGenerator[None, None]:
            with (
                served.in_force.told_to(conversation),
                served.sleep_desk.open_with(conversation),
                sent_to_sleep(conversation),
            ):
                async with announced(conversation):
                    yield

        async with served.seats.local(owner(Kind.VOICE)) as seat:
            seated = replace(app, parts=replace(seat.parts, wake=app.parts.wake))
            await converse(seated, _Watched(self._view, served), None, Company(beside, seat.workers))


class _Watched:
    """A view whose events the server sees too."""

    def __init__(self, view: View, served: Serving) -> None:
        self._view = view
        self._served = served

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def ready(self, app: App) -> None:
        self._view.ready(app)

    def listening_to(self, file: str, warnings: Sequence[str] = ()) -> None:
        self._view.listening_to(file, warnings)

    def note(self, text: str) -> None:
        self._view.note(text)

    def link(self, address: str, link: str) -> None:
        self._view.link(address, link)

    def failed(self, error: JettError) -> None:
        self._view.failed(error)

    def __call__(self, event: SessionEvent) -> None:
        self._served.observe(event)
        self._view(event)
