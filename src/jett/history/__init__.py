"""What was said and answered, written down on the owner's machine: found again, and deleted for good.

Tables and revisions in `schema` and `migrations`; `database` with its two kinds; `words`, the language of a search;
`recorder` writes, `reading` lists and finds, `deleting` deletes, `exchange` exports. Outside, `Archive` is all of it.
"""

from jett.history.archive import Archive
from jett.history.kept import Gone, KeptConversation, KeptTurn, Source, TurnInList
from jett.history.latency import Latency, Spread, TurnTimes
from jett.history.reading import Page
from jett.history.recorder import Recorder, Recording

__all__ = [
    "Archive",
    "Gone",
    "KeptConversation",
    "KeptTurn",
    "Latency",
    "Page",
    "Recorder",
    "Recording",
    "Source",
    "Spread",
    "TurnInList",
    "TurnTimes",
]
