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
_MAX_LOOP_TOKENS = 12


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
    """`tokens` cut after the first round of a loop of 1 to 12 tokens said four times or more at the end."""
    kept = list(tokens)
    for size in range(1, _MAX_LOOP_TOKENS + 1):
        times = 1
        while kept[-size * (times + 1) : -size * times or None] == kept[-size:] and len(kept) >= size * (times + 1):
            times += 1
        if times >= 4:
            return kept[: len(kept) - size * (times - 1)]
    return kept
