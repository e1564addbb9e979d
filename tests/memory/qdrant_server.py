"""Qdrant's REST interface, as much of it as Jett uses, over HTTP on a port of this machine. Not Qdrant itself.

No server binary is to be had, so this answers the client's requests from its own local mode: addresses, key, JSON and
failures on the way are real, the engine behind them is not.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qdrant_client import QdrantClient
from qdrant_client.models import PointIdsList, PointStruct, VectorParams


@dataclass
class Engine:
    """What lies behind the address. `failing` makes every answer a 500."""

    client: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:"))
    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: set[str | None] = field(default_factory=set)
    failing: bool = False

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        parts = path.partition("?")[0].strip("/").split("/")
        collection, rest = parts[1], "/".join(parts[2:])
        with self.lock:
            match method, rest:
                case "GET", "exists":
                    return {"exists": self.client.collection_exists(collection)}
                case "PUT", "":
                    return self.client.create_collection(collection, VectorParams(**body["vectors"]))
                case "PUT", "points":
                    self.client.upsert(collection, [PointStruct(**point) for point in body["points"]])
                    return {"operation_id": 1, "status": "completed"}
                case "POST", "points/query":
                    found = self.client.query_points(collection, body["query"]["nearest"], limit=body["limit"])
                    return {"points": [point.model_dump() for point in found.points]}
                case "POST", "points/scroll":
                    page, offset = self.client.scroll(collection, limit=body["limit"], offset=body.get("offset"))
                    return {"points": [point.model_dump() for point in page], "next_page_offset": offset}
                case "POST", "points/count":
                    return {"count": self.client.count(collection).count}
                case "POST", "points/delete":
                    self.client.delete(collection, PointIdsList(points=body["points"]))
                    return {"operation_id": 2, "status": "completed"}
        raise LookupError(f"{method} {path}")


@contextmanager
def qdrant_server() -> Iterator[tuple[str, Engine]]:
    """Its URL, and what lies behind it."""
    engine = Engine()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            engine.keys.add(self.headers.get("api-key"))
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            status, result = 200, None
            if engine.failing:
                status = 500
            else:
                result = engine.answer(self.command, self.path, body)
            answer = json.dumps({"result": result, "status": "ok", "time": 0.0}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_POST = _serve  # noqa: N815 - the names that the library calls

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="qdrant")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", engine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        engine.client.close()
