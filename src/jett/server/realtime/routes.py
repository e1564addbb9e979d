"""Where the Realtime API is found: `/v1/realtime`, as the clients of OpenAI look for it. Mounted behind the doors."""

from __future__ import annotations

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from jett.server.realtime.connection import Connection
from jett.server.realtime.ports import House
from jett.server.visitor import identity_of, standing_of

PATH = "/v1/realtime"


def routes(house: House) -> list[BaseRoute]:
    """For an application whose doors note who comes in. `?model=…` is taken and means nothing: Jett has one."""

    async def realtime(websocket: WebSocket) -> None:
        await Connection(websocket, identity_of(websocket), house, standing_of(websocket)).serve()

    return [WebSocketRoute(PATH, realtime)]
