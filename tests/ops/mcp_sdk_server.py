"""An MCP server on the official SDK that serves what a JSON file says, and writes down each call. Run as a process.

{"tools": [{"name": …, "description": …, "inputSchema": …, "annotations": …}], "results": {"get_state": {…}},
 "later": [tools after the first listing]}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

PLAN = Path(sys.argv[1])


async def main(plan: dict[str, Any]) -> None:
    listings = 0

    async def tools(_: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        nonlocal listings
        listings += 1
        now = plan["later"] if "later" in plan and listings > plan.get("after", 0) else plan["tools"]
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in now])

    async def call(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        with PLAN.with_suffix(".calls").open("a", encoding="utf-8") as calls:
            calls.write(json.dumps({"tool": params.name, "arguments": params.arguments}) + "\n")
        given = plan.get("results", {}).get(params.name, {"content": [{"type": "text", "text": "on"}]})
        return types.CallToolResult.model_validate(given)

    server: Server[Any] = Server("home", on_list_tools=tools, on_call_tool=call, instructions=plan.get("instructions"))
    sys.stderr.write(plan.get("stderr", ""))
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main, json.loads(PLAN.read_text("utf-8")))
