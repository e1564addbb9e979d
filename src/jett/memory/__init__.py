"""What the owner asked Jett to remember: kept as sentences, found again by meaning.

It is given an embedding model and a place; it knows no setting, no conversation and no server of Jett's. Opened by
`app`; used by the tools, the server and `jett memory`.
"""

from jett.memory.memories import Memories, Memory, Page
from jett.memory.points import Place

__all__ = ["Memories", "Memory", "Page", "Place"]
