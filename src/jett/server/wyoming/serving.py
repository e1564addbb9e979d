"""The port: connections in tasks of one group, so many at once; what goes wrong in one ends that one.

Not the package's server: that starts its tasks outside of any group, takes SIGTERM, and reads events of any size.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import anyio
from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from jett.core.errors import ungrouped
from jett.server.address import Address
from jett.server.wyoming.connection import IDLE_S, Connection
from jett.server.wyoming.ports import Ports
from jett.server.wyoming.reading import MOST_HEADER_BYTES, WrongEvent

MOST_CONNECTIONS = 16

_log = logging.getLogger(__name__)
_SERVICE = "_wyoming._tcp.local."


async def serve(ports: Ports, listener: socket.socket, *, idle_s: float = IDLE_S) -> None:
    """Until cancelled; then each connection is closed."""
    connected = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        try:
            if connected <= MOST_CONNECTIONS:
                await _to_its_end(Connection(ports, reader, writer, idle_s=idle_s))
        finally:
            connected -= 1
            writer.close()

    async with anyio.create_task_group() as tasks:
        server = await asyncio.start_server(
            lambda reader, writer: tasks.start_soon(converse, reader, writer), sock=listener, limit=MOST_HEADER_BYTES
        )
        try:
            await anyio.sleep_forever()
        finally:
            server.close()


async def _to_its_end(connection: Connection) -> None:
    """A client that leaves, hangs or sends what is no event is nobody else's trouble."""
    try:
        with ungrouped():
            await connection.run()
    except (WrongEvent, OSError, TimeoutError) as ended:
        _log.info("wyoming: a connection ended: %s", ended if isinstance(ended, WrongEvent) else type(ended).__name__)
    except Exception as error:  # noqa: BLE001 (whoever can reach the port must not be able to end Jett)
        _log.error("wyoming: a connection failed and was ended (%s)", type(error).__name__, exc_info=error)


@asynccontextmanager
async def announced(address: Address, trouble: Callable[[str], None], name: str = "jett") -> AsyncGenerator[None, None]:
    """Home Assistant finds the port in the local network (mDNS) while the block lasts; where it cannot, it is told."""
    async with AsyncExitStack() as ending:
        try:
            await _announce(address, name, ending)
        except (OSError, Error) as error:
            trouble(
                f"wyoming: not announced in the local network ({error}); give Home Assistant the address "
                f"{address.host}, port {address.port}"
            )
        yield


async def _announce(address: Address, name: str, ending: AsyncExitStack) -> None:
    """Until `ending`."""
    zeroconf = AsyncZeroconf(interfaces=[address.host], ip_version=_version(address))
    ending.push_async_callback(zeroconf.async_close)
    service = AsyncServiceInfo(
        _SERVICE, f"{name}.{_SERVICE}", parsed_addresses=[address.host], port=address.port, server=f"{name}.local."
    )
    await (await zeroconf.async_register_service(service, allow_name_change=True))

    async def withdraw() -> None:
        with anyio.CancelScope(shield=True), suppress(OSError):
            await (await zeroconf.async_unregister_service(service))

    ending.push_async_callback(withdraw)


def _version(address: Address) -> IPVersion:
    return IPVersion.V6Only if ":" in address.host else IPVersion.V4Only
