"""What was heard, as subtitles: SubRip and WebVTT (https://www.w3.org/TR/webvtt1). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from jett.session.dictation import Heard


def srt(segments: Iterable[Heard]) -> str:
    """Numbered, with commas in the times."""
    cues = [
        f"{number}\n{_time(heard.start_s, ',')} --> {_time(heard.end_s, ',')}\n{heard.text}\n"
        for number, heard in enumerate(segments, start=1)
    ]
    return "\n".join(cues)


def vtt(segments: Iterable[Heard]) -> str:
    """With its first line, and points in the times; an arrow in a text would be a time."""
    cues = [
        f"{_time(heard.start_s, '.')} --> {_time(heard.end_s, '.')}\n{heard.text.replace('-->', '->')}\n"
        for heard in segments
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _time(seconds: float, mark: str) -> str:
    """Such as `00:01:02,345`."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
