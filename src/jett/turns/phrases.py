"""What the words alone tell: stop, sleep and backchannel phrases, questions, and sentences that break off."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"[^\w\s']+")
_ADDRESSES = re.compile(r"^(?:(?:hey|ok|okay|please|jett|jet)\s+)+|(?:\s+(?:please|jett|jet|now|it|that|talking))+$")

_FORGET_IT = re.compile(r"(?:(?:hey|ok|okay|please|jett|jet) )*forget(?: (?:it|about it|please|jett|jet|now))*")
"""But "forget that": what was remembered last."""

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
        "enough",
        "that's enough",
        "silence",
        "hush",
    }
)
_THANKS = re.compile(r"^(?:(?:thanks|thank you|okay|ok|no|alright|all right) )+|(?: (?:thanks|thank you|for now))+$")
SLEEP_PHRASES = frozenset(
    {
        "sleep",
        "go to sleep",
        "go back to sleep",
        "you can sleep",
        "you can go to sleep",
        "you may sleep",
        "you may go to sleep",
        "stop listening",
        "that's all",
        "that is all",
        "that'll be all",
        "that will be all",
        "that would be all",
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
_NEVER_LAST = frozenset({"a", "an", "the", "and", "or", "but", "because", "if", "than", "my", "your", "our", "their"})


def normalise(text: str) -> str:
    """Lower case, words only, single spaces: two transcripts that normalise alike say the same."""
    return " ".join(_PUNCTUATION.sub(" ", text.lower()).split())


def is_stop_phrase(text: str) -> bool:
    """Whether `text` only asks for silence, politely or not ("Jett, stop please")."""
    words = normalise(text)
    return words in STOP_PHRASES or _ADDRESSES.sub("", words) in STOP_PHRASES or bool(_FORGET_IT.fullmatch(words))


def is_sleep_phrase(text: str) -> bool:
    """Whether `text` only lets Jett go ("that's all, thanks"): for one that sleeps until it is called."""
    words = _THANKS.sub("", normalise(text))
    return words in SLEEP_PHRASES or _THANKS.sub("", _ADDRESSES.sub("", words)) in SLEEP_PHRASES


def is_backchannel(text: str) -> bool:
    """Whether `text` says "go on" rather than something: no reply should end for it."""
    return normalise(text) in BACKCHANNELS


def is_question(text: str) -> bool:
    """Whether the transcript ends as a question."""
    return text.rstrip().endswith("?")


def breaks_off(text: str) -> bool:
    """Whether the sentence cannot be over: no end mark, three dots, or a last word such as "the".

    A transcript without any capital or mark is of an engine that writes none, where only the last word tells.
    """
    words = normalise(text).split()
    if words and words[-1] in _NEVER_LAST:
        return True
    writes_marks = text != text.lower() or bool(_PUNCTUATION.search(text))
    ended = text.rstrip().rstrip("\"')").endswith((".", "?", "!")) and not text.rstrip().endswith(("...", "…"))
    return bool(words) and writes_marks and not ended
