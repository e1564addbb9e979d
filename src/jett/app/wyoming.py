"""Wyoming from the user's settings: its port, whose requests they are, and its announcement. Called by `jett serve`."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib import metadata

import anyio
import anyio.to_thread

from jett.app.needs import store
from jett.app.opening import App
from jett.app.wake import load_wake_words
from jett.app.wake_looks import LookingEngines
from jett.audio.resample import FileResampler
from jett.core.errors import ModelError, ungrouped
from jett.guard import Identity, Kind, Policy, Scope, Verb
from jett.server.address import Address, listening, parse_address
from jett.server.wyoming.ports import Ports, Waking
from jett.session.seats import Seats
from jett.settings import Settings

NAME = "wyoming"
"""Of the identity; `[tokens.wyoming]` in the policy narrows what it may see."""
_VERBS = frozenset({Verb.LIST, Verb.STATUS, Verb.STATS})
"""No logs: whoever reaches the port may read the answer."""


@dataclass(frozen=True, slots=True)
class WyomingDoor:
    """Where Wyoming is spoken."""

    listener: socket.socket
    address: Address


@contextmanager
def wyoming_door(settings: Settings) -> Iterator[WyomingDoor | None]:
    """Listen where `server.wyoming` says, before anything is begun; None where that is nowhere. Raises ConfigError."""
    if not settings.server.wyoming:
        yield None
        return
    address = parse_address(settings.server.wyoming)
    listener, _ = listening(address, "server.wyoming")
    listener.setblocking(False)
    with listener:
        yield WyomingDoor(listener, address)


@asynccontextmanager
async def speaking_wyoming(
    app: App, seats: Seats[Identity], door: WyomingDoor | None, trouble: Callable[[str], None]
) -> AsyncGenerator[None, None]:
    """Serve it while the block lasts, and announce it where `server.zeroconf` is set. `trouble` is for the owner."""
    if door is None:
        yield
        return
    from jett.server.wyoming.serving import announced, serve

    with ungrouped():
        async with AsyncExitStack() as ending, anyio.create_task_group() as tasks:
            if app.settings.server.zeroconf:
                await ending.enter_async_context(announced(door.address, trouble))
            ports = wyoming_ports(app, seats, await anyio.to_thread.run_sync(waking, app, trouble))
            tasks.start_soon(serve, ports, door.listener)
            yield
            tasks.cancel_scope.cancel()


def waking(app: App, trouble: Callable[[str], None]) -> Waking | None:
    """The wake words of `wake.words`, whether or not Jett itself sleeps; None without one, or where one is missing."""
    settings = app.settings
    if not settings.wake.words:
        return None
    try:
        models = store(settings)
        words = app.wake or load_wake_words(settings, models)
        own = LookingEngines(settings, models, app.parts.stt)
        look = app.parts.second_look if app.wake is not None else words.second_look(own)
    except ModelError as error:
        trouble(f"wyoming: no wake words ({error})")
        return None
    return Waking(words.rules, words.phrases, words.refractory_s, words.detector.another, look)


def wyoming_ports(app: App, seats: Seats[Identity], waking: Waking | None) -> Ports:
    """What the server is lent."""
    names = app.parts.names
    return Ports(
        seats=seats,
        identity=somebody(app.servers.gate.policy if app.servers is not None else Policy()),
        resampler=FileResampler,
        system_prompt=app.settings.llm.system_prompt,
        stt_model=names["stt"],
        voice=names["tts"],
        model=names["llm"],
        language=app.settings.stt.language,
        version=metadata.version("jett"),
        waking=waking,
    )


def somebody(policy: Policy) -> Identity:
    """Nobody knows who it is. So it is held like a token that looks only; what tokens may not see, it does not see."""
    return Identity(Kind.TOKEN, NAME, Scope(_VERBS, frozenset(policy.containers)))
