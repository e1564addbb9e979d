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
_CLAUSE_TOKENS = 4
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


def without_repetition(tokens: Sequence[int]) -> list[int]:
    """`tokens` up to the end of the first round of a loop.

    A loop is the same four tokens or more twice in a row, or fewer than four said four times: people repeat a word or
    two ("no no no"), hardly ever a clause.
    """
    kept = list(tokens)
    for size in range(1, len(kept) // 2 + 1):
        needed = 2 if size >= _CLAUSE_TOKENS else _SHORT_TIMES
        for start in range(len(kept) - size * needed + 1):
            if _repeats(kept, start, size) >= needed:
                return kept[: start + size]
    return kept


def _repeats(tokens: Sequence[int], start: int, size: int) -> int:
    """How many times in a row the `size` tokens from `start` are said."""
    times = 1
    while tokens[start + times * size : start + (times + 1) * size] == tokens[start : start + size]:
        times += 1
    return times
