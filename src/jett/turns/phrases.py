"""Short things people say that are not for the language model: stop phrases and backchannels."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"[^\w\s']+")
_ADDRESSES = re.compile(r"^(?:(?:hey|ok|okay|please|jett|jet)\s+)+|(?:\s+(?:please|jett|jet|now|it|that|talking))+$")

STOP_PHRASES = frozenset(
    {
        "stop",
        "stop stop",
        "cancel",
        "never mind",
        "nevermind",
        "be quiet",
        "quiet",
        "shut up",
        "forget",
        "enough",
        "that's enough",
        "silence",
        "hush",
    }
)
BACKCHANNELS = frozenset(
    {
        "uh huh",
        "uhhuh",
        "mm hmm",
        "mhm",
        "mmhmm",
        "mm",
        "hm",
        "hmm",
        "huh",
        "uh",
        "um",
        "ah",
        "oh",
        "yeah",
        "yep",
        "right",
        "okay",
        "ok",
        "i see",
        "sure",
        "wow",
        "got it",
    }
)


def normalise(text: str) -> str:
    """Lower case, words only, single spaces: two transcripts that normalise alike say the same."""
    return " ".join(_PUNCTUATION.sub(" ", text.lower()).split())


def is_stop_phrase(text: str) -> bool:
    """Whether `text` only asks for silence, politely or not ("Jett, stop please")."""
    words = normalise(text)
    return words in STOP_PHRASES or _ADDRESSES.sub("", words) in STOP_PHRASES


def is_backchannel(text: str) -> bool:
    """Whether `text` says "go on" rather than something: no reply should end for it."""
    return normalise(text) in BACKCHANNELS
