"""The loopback ports on which this process's own language models listen, so that nobody else's is taken for one.

Kept by `embedded`, read by whoever tells what the open sockets are for.
"""

from __future__ import annotations

OWN_PORTS: set[int] = set()
