"""Which files are recordings of Jett's, so that nothing else is ever deleted or played in their place.

The history names them by their paths, and a history may have been exported, edited and taken in again, or lie in a
database that others write. Their names are made by `cli.recordings`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

HEARD, SAID = "-heard.wav", "-said.wav"
"""How a recording of the microphone ends, and one of the reply."""
_NAME = re.compile(rf"\d{{8}}-\d{{6}}-\d{{6}}-\d{{3,9}}({re.escape(HEARD)}|{re.escape(SAID)})", re.ASCII)


def is_recording(path: str) -> bool:
    """Whether it is named as only Jett names one. Wherever it lies: folders change from talk to talk."""
    return Path(path).is_absolute() and _NAME.fullmatch(Path(path).name) is not None


def is_recording_below(path: str, folder: Path | None) -> bool:
    """Whether it also lies in `folder`, links followed; nothing lies in None."""
    if folder is None or not is_recording(path) or not is_recording(real := os.path.realpath(path)):
        return False
    return Path(real).is_relative_to(os.path.realpath(folder))
