"""Runs n8n workflows that the policy lists, each through its own webhook, with a secret in a header.

The body is built again from the checked request: the workflow's arguments and nothing else. What n8n answers is not
read beyond its status, so a workflow cannot put words into Jett's mouth. Called by `operations`.
n8n's webhook node: https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from jett.core.errors import ConfigError, OperationError
from jett.guard import Request

HEADER = "X-Jett-Token"


class Workflows:
    """The webhooks of one n8n: `POST {url}/webhook/{workflow}`, with the owner's token in `X-Jett-Token`."""

    def __init__(self, url: str, read_token: Callable[[], str], *, timeout_s: float = 30.0) -> None:
        """`read_token` is asked for each call, so that a new secret needs no restart."""
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"ops: n8n's address '{url}' is not understood; use http://HOST:PORT")
        self._url = url.rstrip("/")
        self._read_token = read_token
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout_s)

    async def run(self, request: Request) -> None:
        """Once, never again: n8n may have begun. Raises OperationError, `unreachable` when the end is not known."""
        what = f"workflow {request.target}"
        try:
            async with self._http.stream(
                "POST",
                f"{self._url}/webhook/{request.target}",
                json=dict(request.arguments),
                headers={HEADER: self._read_token()},
            ) as response:
                status = response.status_code
        except httpx.ConnectError as error:
            raise OperationError(f"n8n: {what}: {self._url} cannot be reached; is the tunnel up, and n8n?") from error
        except (httpx.HTTPError, OSError) as error:
            raise OperationError(
                f"n8n: {what}: no whole answer within {self._timeout_s} s ({type(error).__name__}); look into n8n",
                unreachable=True,
            ) from error
        if status // 100 == 2:
            return
        fix = {
            401: "the token is wrong; set the same in n8n's credential and in ops.n8n_token_file",
            403: "the token is wrong; set the same in n8n's credential and in ops.n8n_token_file",
            404: "there is no such webhook; is the workflow published, with the policy's name as its path?",
        }.get(status, "look into n8n's executions")
        raise OperationError(f"n8n: {what}: answered {status}; {fix}")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()
