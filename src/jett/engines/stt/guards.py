"""What of Whisper's output is not believed: words for silence and noise, and loops.

Whisper was trained on subtitles: given silence it says what subtitles say there, given noise it repeats itself
(Radford et al. 2022, section 4.5). The thresholds are chosen in benchmarks/LOG.md ("STT guards").
"""

from __future__ import annotations

from collections.abc import Sequence

from jett.core.ports import Transcript

_NO_SPEECH = 0.6
_DOUBTFUL_LOGPROB = -1.0
_HOPELESS_LOGPROB = -1.7
_SUBTITLES = frozenset(
    {
        "you",
        "thank you",
        "thanks for watching",
        "thank you for watching",
        "please subscribe",
        "bye",
        "so",
        "the",
        "subtitles by the amara org community",
        "music",
        "applause",
        "silence",
        "blank audio",
    }
)
_SUBTITLE_LOGPROB = -0.7
_CLAUSE_WORDS = 3
_LIKELY_WORDS_PER_S = 4.5
"""Without pauses; of the recordings in benchmarks/LOG.md ("Repeated words") 95 of 100 stay under 4.3."""
_POSSIBLE_WORDS_PER_S = 6.0
_SHORT_TIMES = 4


def is_hallucinated(transcript: Transcript) -> bool:
    """Whether the text was made up for audio without words."""
    words = "".join(c for c in transcript.text.lower() if c.isalnum() or c == " ").split()
    if not words:
        return True
    if transcript.mean_logprob < _HOPELESS_LOGPROB:
        return True
    if transcript.no_speech_probability > _NO_SPEECH and transcript.mean_logprob < _DOUBTFUL_LOGPROB:
        return True
    doubtful = transcript.mean_logprob < _SUBTITLE_LOGPROB or transcript.no_speech_probability > _NO_SPEECH
    return " ".join(words) in _SUBTITLES and doubtful


def may_be_repeated(pieces: Sequence[str], spoken_s: float) -> bool:
    """Whether the first repeated round can really have been said in `spoken_s` seconds of speech."""
    words, _ = _words(pieces)
    found = _first_loop(words)
    return found is not None and found[0] + 2 * found[1] <= _LIKELY_WORDS_PER_S * spoken_s


def can_be_said(text: str, spoken_s: float) -> bool:
    """Whether all of `text` can have been said in `spoken_s` seconds of speech."""
    return len(text.split()) <= _POSSIBLE_WORDS_PER_S * spoken_s


def kept_tokens(pieces: Sequence[str]) -> int:
    """How many of the decoder's tokens come before it begins to loop; `pieces` are their texts, in order.

    A loop is the same three words or more twice in a row, or fewer said four times; case and marks do not count,
    since a looping decoder changes them ("Lights off now. Lights off now, lights off now...").
    """
    words, ends = _words(pieces)
    kept = len(pieces)
    while (found := _first_loop(words)) is not None:
        start, size = found
        kept, words = ends[start + size - 1], words[: start + size]
    return kept


def _first_loop(words: Sequence[str]) -> tuple[int, int] | None:
    """Where the shortest loop begins, and how many words one round of it has."""
    for size in range(1, len(words) // 2 + 1):
        needed = 2 if size >= _CLAUSE_WORDS else _SHORT_TIMES
        for start in range(len(words) - size * needed + 1):
            if _rounds(words, start, size) >= needed:
                return start, size
    return None


def _words(pieces: Sequence[str]) -> tuple[list[str], list[int]]:
    """The words, bare, and behind which token each ends, its marks included."""
    words: list[str] = []
    ends: list[int] = []
    for index, piece in enumerate(pieces, start=1):
        bare = "".join(c for c in piece.lower() if c.isalnum())
        if bare and (piece[:1].isspace() or not words):
            words.append(bare)
            ends.append(index)
        elif words:
            words[-1] += bare
            ends[-1] = index
    return words, ends


def _rounds(words: Sequence[str], start: int, size: int) -> int:
    """How many times in a row the `size` words from `start` are said."""
    times = 1
    while words[start + times * size : start + (times + 1) * size] == words[start : start + size]:
        times += 1
    return times
