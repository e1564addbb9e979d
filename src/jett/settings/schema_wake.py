"""The section of the wake word: what Jett is called by, and what it does when it was."""

from __future__ import annotations

from pydantic import Field, field_validator

from jett.settings.section import Section

MOST_WORDS = 8


class Wake(Section):
    """What Jett is called by."""

    enabled: bool = Field(default=False, description="Sleep until called; else Jett listens to all that is said.")
    words: tuple[str, ...] = Field(
        default=(),
        max_length=MOST_WORDS,
        strict=False,
        description="What wakes it: names that `jett wake list` prints, such as `hey_jett`, or files of heads.",
    )
    sensitivity: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="0.5 is each head's own threshold; more wakes more easily, also by mistake, less misses more.",
    )
    refractory_s: float = Field(
        default=2.0, ge=0, le=30, description="Time after a call in which another is not taken for a new one."
    )
    follow_up_s: float = Field(
        default=6.0, ge=0, le=60, description="Time after a reply in which Jett still listens without being called."
    )
    earcon: bool = Field(default=True, description="A short sound when Jett was called and nothing follows at once.")

    @field_validator("words")
    @classmethod
    def _words_say_something(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if any(not word.strip() for word in words):
            raise ValueError("names or files, none of them empty")
        if len(set(words)) < len(words):
            raise ValueError("each word once")
        return words
