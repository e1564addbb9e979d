"""Sentences that need no language model: a command, a status question, the time, the volume, "say that again".

Templates (`sentences.yaml`) are matched by hassil from the first word to the last; what stands where a name belongs is
resolved by `names`. It only understands: whether a thing may be done is the guard's to say. Pure and fast (P95 under
10 ms, `jett bench fast-path`), so it may be asked speculatively, at every pause. Called by the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml
from hassil import Intents, recognize_all

from jett.tools.intent import CHANGES, Action, Intent, WhichOne
from jett.tools.names import Names
from jett.tools.well_known import clearly_for_servers

_LONGEST_CHARACTERS = 160
"""Nobody says a command that long; what is longer goes to the language model."""
_ADDRESS = re.compile(r"^(?:(?:hey|hi|hello|ok|okay|so|and|well|um|uh|now)[\s,]+)*(?:(?:jett|jet|jed|jeff)[\s,]+)?")
_ADDRESS_AT_END = re.compile(r"[\s,]+(?:jett|jet)$")
_MARKS = re.compile(r"[.,!?;:\"“”…]+(?=\s|$)|(?<=\s)[-–—]+(?=\s)|^[\"“”¿¡\s-]+")
_FIRST_SENTENCES = ("volume 20", "restart", "show the last 20 log lines of it")
"""hassil builds the grammar of numbers when they are first met, which takes 20 ms."""
_SERVERS = re.compile(r"\b(?:my|the|our|your) (?:servers?|containers?|vps|backups?)\b")
_STATE = re.compile(
    r"\b(?:(?:un)?healthy|health|ok(?:ay)?|up|down|running|alive|fine|working|broken|dead|online|offline|status|state"
    r"|crash(?:ed)?|fail(?:ed|ing)?|success(?:ful)?|succeeded|(?:re)?start(?:ed)?|stop(?:ped)?|wrong|problems?|logs?)\b"
)
_SPACES = re.compile(r"\s+")
_CONTRACTIONS = {"whats": "what's", "hows": "how's", "dont": "don't", "cant": "can't"}


class FastPath:
    """Understands sentences about these containers and workflows; each name may have other names."""

    def __init__(self, containers: Mapping[str, Sequence[str]], workflows: Mapping[str, Sequence[str]]) -> None:
        self._containers = Names(containers)
        self._workflows = Names(workflows)
        self._has_containers = bool(containers)
        self._templates = _templates()
        for sentence in _FIRST_SENTENCES:
            self.understand(sentence)

    def understand(self, text: str) -> Intent | WhichOne | None:
        """What `text`, a transcript, asks for; None where the language model should answer. Never raises."""
        found: dict[Intent | WhichOne, None] = {}
        for action, slots in self._matches(text):
            understood = self._resolved(action, slots)
            if understood is not None:
                found[understood] = None
        return _one(list(found))

    def about_servers(self, text: str) -> bool:
        """Whether `text`, though not understood, seems to ask how a server is, or to want something of it."""
        words = plain(text)
        if not _STATE.search(words):
            return False
        return bool(_SERVERS.search(words)) or any(
            names.named_in(words) for names in (self._containers, self._workflows)
        )

    def clearly_for_servers(self, text: str) -> bool:
        """Whether `text`, though no name is known, is a command for a container all the same."""
        words = plain(text)
        return any(clearly_for_servers(words, action, _heard(slots)) for action, slots in self._matches(text))

    def unknown_name(self, text: str) -> tuple[Action, str] | None:
        """For a sentence that is not understood: what it would ask for, and the words that are nobody's name."""
        matches = ((action, _heard(slots)) for action, slots in self._matches(text))
        heard = [(action, name) for action, name in matches if name and name not in ("the", "my", "our")]
        return min(heard, key=lambda match: len(match[1]), default=None)

    def _matches(self, text: str) -> Iterator[tuple[Action, Mapping[str, Any]]]:
        """Each template that `text` fits, and what stands in its slots."""
        if len(text) <= _LONGEST_CHARACTERS:
            for result in recognize_all(plain(text), self._templates):
                yield (
                    Action(result.intent.name),
                    {name: entity.value for name, entity in result.entities.items()},
                )

    def _resolved(self, action: Action, slots: Mapping[str, Any]) -> Intent | WhichOne | None:
        if action is Action.LIST and not self._has_containers:
            return None
        names = self._workflows if action is Action.RUN_WORKFLOW else self._containers
        heard = _heard(slots)
        target = ""
        if heard is not None:
            resolved = names.resolve(heard)
            if not resolved:
                return None
            if len(resolved) > 1:
                return WhichOne(action, tuple(sorted(resolved)))
            target = resolved[0]
        return Intent(action, target, lines=_whole(slots.get("lines")), percent=_whole(slots.get("percent")))


def plain(text: str) -> str:
    """A transcript as the templates are written: lower case, no marks, no address, contractions kept."""
    words = text.lower().replace("’", "'").replace("%", " percent")
    words = _SPACES.sub(" ", _MARKS.sub(" ", words)).strip()
    words = _ADDRESS_AT_END.sub("", _ADDRESS.sub("", words))
    return " ".join(_CONTRACTIONS.get(word, word) for word in words.split())


def _one(found: list[Intent | WhichOne]) -> Intent | WhichOne | None:
    """The only reading; of several a question is fine to choose from, a change is not."""
    if len(found) == 1:
        return found[0]
    if not found:
        return None
    targets = {understood.target for understood in found if isinstance(understood, Intent)}
    if len(targets) > 1 or any(understood.action in CHANGES for understood in found):
        return None
    return found[0]


def _heard(slots: Mapping[str, Any]) -> str | None:
    heard = slots.get("workflow") or slots.get("name")
    return None if heard is None else str(heard)


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


@lru_cache(maxsize=1)
def _templates() -> Intents:
    text = resources.files("jett.tools").joinpath("sentences.yaml").read_text("utf-8")
    return Intents.from_dict(yaml.safe_load(text))
