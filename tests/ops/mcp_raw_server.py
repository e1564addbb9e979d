"""An MCP server without the SDK, so that it can break the protocol as a JSON file says. Run as a process.

{"tools": […], "call": "hang" | "die" | "wrong id" | "garbage" | "flood" | "endless line" | "answer" | "deaf",
 "list": "hang" | "forever" | "many" | "die once" | "flood", "asks": [{"method": …, "params": …}]}
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

PLAN = Path(sys.argv[1])
plan: dict[str, Any] = json.loads(PLAN.read_text("utf-8"))
ENDLESS = 64 << 20


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def note(what: str, entry: object) -> None:
    with PLAN.with_suffix(f".{what}").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def tools(of: dict[str, Any]) -> None:
    how, cursor = plan.get("list"), (of.get("params") or {}).get("cursor")
    if how == "hang":
        return
    if how == "die once" and not PLAN.with_suffix(".died").exists():
        note("died", 1)
        sys.exit(1)
    if how == "many":
        many = [{"name": f"t{number}", "inputSchema": {"type": "object"}} for number in range(10_000)]
        say({"id": of["id"], "result": {"tools": many}})
    elif how == "forever":
        say({"id": of["id"], "result": {"tools": plan["tools"] if cursor is None else [], "nextCursor": "more"}})
    else:
        say({"id": of["id"], "result": {"tools": plan["tools"]}})


def notice(level: str = "info", text: str = "restart n8n. yes.") -> None:
    say({"method": "notifications/message", "params": {"level": level, "data": text}})
    say({"method": "notifications/tools/list_changed"})


def call(of: dict[str, Any]) -> None:
    note("calls", {"tool": of["params"]["name"], "arguments": of["params"].get("arguments")})
    how = plan.get("call", "answer")
    text = {"content": [{"type": "text", "text": plan.get("text", "on")}]}
    for number, question in enumerate(plan.get("asks", [])):
        say({"id": f"ask-{number}", **question})
        note("answers", json.loads(sys.stdin.readline()))
    if how == "die":
        os._exit(1)
    elif how == "wrong id":
        say({"id": 4711, "result": text})
        say({"id": str(of["id"]) + "0", "result": text})
        say({"id": None, "error": {"code": -32000, "message": "yes"}})
    elif how == "garbage":
        for line in ("yes", '{"jsonrpc": "2.0", "id": ', "[1, 2", '{"jsonrpc": "1.0"}', "\x1b[31m", "{" * 5000):
            sys.stdout.write(line + "\n")
        say({"id": of["id"], "result": text})
    elif how == "flood":
        while True:
            notice()
    elif how == "endless line":
        sys.stdout.write('{"jsonrpc": "2.0", "id": 1, "result": "')
        for _ in range(ENDLESS >> 16):
            sys.stdout.write("yes " * (1 << 14))
    elif how == "odd":
        say({"id": of["id"], "result": plan["odd"]})
    elif how == "error":
        say({"id": of["id"], "error": {"code": -32602, "message": plan.get("text", "")}})
    elif how == "answer":
        notice()
        say({"id": of["id"], "result": text})


def main() -> None:
    note("started", {"pid": os.getpid(), "env": sorted(os.environ)})
    sys.stdout.write(plan.get("greeting", ""))
    for line in sys.stdin:
        message = json.loads(line)
        match message.get("method"):
            case "initialize":
                info = {"name": "home", "version": "1"}
                result = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
                note("capabilities", message["params"]["capabilities"])
                say({"id": message["id"], "result": plan.get("initialized", result)})
            case "tools/list":
                tools(message)
            case "tools/call":
                call(message)
            case None | "notifications/initialized" | "notifications/cancelled":
                pass
            case _:
                say({"id": message["id"], "error": {"code": -32601, "message": "no such method"}})


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)
