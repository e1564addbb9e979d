"""The two scenes of `jett bench browser`: a request to the page and to `jett talk`; speech over the page's reply."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, TimeoutError

from benchmarks.browser.chromium import Browsers, begin, enter
from benchmarks.browser.clocks import ALIKE, Heard, Played, end_of_speech, first_after
from benchmarks.clips import Clip
from benchmarks.house import House
from benchmarks.latency.scenes import LONG_ANSWERS, trimmed
from benchmarks.stage import true_speech_end_s
from jett.audio.files import read_audio
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.ports import VoiceActivityDetector

_LEAD_S = 2.0
"""Silence before the first words: until then the page is live, and the browser's cleaning has settled."""
_GAP_S = 5.0
"""Between two requests of the second scene; by then the reply to the first sounds."""
_LIMIT_MS = 45_000
_LOOK_MS = 100
_SETTLED_MS = 400
"""After a flush: by then all that sounded has been told."""
_LOOK_BACK_FRAMES = 24_000
_SHORT = {"JETT_LLM__MAX_TOKENS": "30"}
"""How a reply begins is all that is asked, of both."""
_LONG = {"JETT_LLM__MAX_TOKENS": "400", "JETT_LLM__SYSTEM_PROMPT": LONG_ANSWERS}


@dataclass
class Compared:
    """One clip both ways; milliseconds from its true end of speech to the first sample of the reply."""

    pack: str
    file: str
    true_end_s: float
    talk_ms: float | None = None
    browser_ms: float | None = None
    alike: float = 0.0
    heard_late_ms: float | None = None
    """Of `browser_ms`: by how much speech seems longer to the detector in what the browser makes of the sound."""
    server_ms: float | None = None
    """Of `browser_ms`: what the server counts, from where it heard the end to the first sample on its way."""
    output_latency_ms: float = 0.0
    talk_said: str = ""
    browser_said: str = ""
    talk_stages_ms: dict[str, float] = field(default_factory=dict)
    browser_stages_ms: dict[str, float] = field(default_factory=dict)

    @property
    def way_ms(self) -> float | None:
        """The rest of `browser_ms`: from the microphone to the server, and from there to the output."""
        if self.browser_ms is None or self.heard_late_ms is None or self.server_ms is None:
            return None
        return round(self.browser_ms - self.heard_late_ms - self.server_ms, 1)

    @property
    def difference_ms(self) -> float | None:
        """What the browser takes longer."""
        if self.talk_ms is None or self.browser_ms is None:
            return None
        return round(self.browser_ms - self.talk_ms, 1)

    def flat(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "way_ms": self.way_ms, "difference_ms": self.difference_ms}


@dataclass(frozen=True, slots=True)
class Flush:
    """One interruption, from when the page was told to fall silent: to the last sample that sounded, and as it says."""

    silenced_ms: float
    page_ms: float


def compare(
    house: House, browsers: Browsers, vad: VoiceActivityDetector, clips: Sequence[Clip], note: Callable[[str], None]
) -> list[Compared]:
    """Each clip through `jett talk` and through the page, one after the other, on the same settings."""
    compared: list[Compared] = []
    with _serving(house, _SHORT):
        _by_page(house, browsers, vad, Compared("", "", 0.0), read_audio(clips[0].path))  # not counted
        for clip in clips:
            sound = read_audio(clip.path)
            found = Compared(clip.pack, clip.path.name, true_speech_end_s(vad, sound))
            _by_talk(house, found, clip.path)
            _by_page(house, browsers, vad, found, sound)
            compared.append(found)
            unlike = "" if found.alike >= ALIKE else f", not found in what the page heard ({found.alike:.2f} alike)"
            note(f"{found.pack}/{found.file}: talk {found.talk_ms} ms, browser {found.browser_ms} ms{unlike}")
    return compared


def interruptions(
    house: House, browsers: Browsers, vad: VoiceActivityDetector, clips: Sequence[Clip], times: int
) -> list[Flush]:
    """Each clip is a request over the long reply to the one before; of each flush while that sounded what was seen."""
    gap = silence(int(_GAP_S * SAMPLE_RATE_HZ))
    said = [part for clip in clips for part in (trimmed(vad, clip.path), gap)]
    most_s = _LEAD_S + sum(part.size for part in said) / SAMPLE_RATE_HZ
    with _serving(house, _LONG), _listening(house, browsers, *said) as page:
        return _flushes(page, times, most_s)


def _flushes(page: Page, times: int, most_s: float) -> list[Flush]:
    seen, tries = 0, list[Flush]()
    until_s = time.monotonic() + most_s
    while len(tries) < times and time.monotonic() < until_s:
        page.wait_for_timeout(_LOOK_MS)
        if page.evaluate("window.__jett.flushes.length") == seen:
            continue
        page.wait_for_timeout(_SETTLED_MS)
        told = page.evaluate("n => window.__jett.flushes[n]", seen)
        seen += 1
        asked_frame = told["asked_frame"]
        played = Played.of(page.evaluate("frame => window.__jett.recording(frame)", asked_frame - _LOOK_BACK_FRAMES))
        silenced_ms = played.silenced_ms(asked_frame)
        if silenced_ms is not None:
            tries.append(Flush(silenced_ms, round(told["took_ms"], 1)))
    return tries


def _by_talk(house: House, found: Compared, path: Path) -> None:
    """On the timeline of the recording, as `jett bench latency` counts."""
    for turn in house.jett.lines("talk", "--input", path, **_SHORT):
        at_s = turn.get("first_audio_s")
        if at_s is not None and at_s >= found.true_end_s:
            found.talk_ms = round((at_s - found.true_end_s) * 1000, 1)
            found.talk_said, found.talk_stages_ms = turn["transcript"], turn["stages_ms"]
            return


def _by_page(house: House, browsers: Browsers, vad: VoiceActivityDetector, found: Compared, sound: Samples) -> None:
    """On the context's clock. Leaves `browser_ms` empty when nothing sounded, or nothing is like the clip."""
    with _listening(house, browsers, sound) as page:
        page.wait_for_function(
            "ms => window.__jett.sent_frames * 20 >= ms",
            arg=(_LEAD_S + found.true_end_s) * 1000,
            polling=_LOOK_MS,
            timeout=_LIMIT_MS,
        )
        try:
            _answered(page, vad, found, sound)
            page.wait_for_function("() => window.__jett.turns.length > 0", polling=_LOOK_MS, timeout=_LIMIT_MS)
        except TimeoutError:
            return
        turn = page.evaluate("window.__jett.turns.at(-1)")
        found.browser_said, found.browser_stages_ms = turn["transcript"], turn["stages_ms"]
        found.server_ms = turn["ttfa_ms"]


def _answered(page: Page, vad: VoiceActivityDetector, found: Compared, sound: Samples) -> None:
    """Wait for the first reply that begins after the end of speech. Raises TimeoutError when there is none."""
    known, at = 0, None
    while at is None:
        page.wait_for_function("n => window.__jett.rendered.length > n", arg=known, polling=_LOOK_MS, timeout=_LIMIT_MS)
        frames = page.evaluate("window.__jett.rendered.map(({frame}) => frame)")
        known = len(frames)
        heard = Heard.of(page.evaluate("window.__jett.captured()"))
        end, found.alike = end_of_speech(heard.sound, sound, found.true_end_s)
        if found.alike < ALIKE:
            return
        end_frame = heard.frame_of(end)
        at = first_after(frames, end_frame)
        if at is not None:
            found.browser_ms = round((at - end_frame) / heard.context_hz * 1000, 1)
            heard_end_s = true_speech_end_s(vad, heard.sound)
            found.heard_late_ms = round((heard_end_s - end / SAMPLE_RATE_HZ) * 1000, 1)
            found.output_latency_ms = round(page.evaluate("window.__jett.output_latency_ms"), 1)


@contextmanager
def _serving(house: House, env: dict[str, str]) -> Iterator[None]:
    """`jett serve` with these settings, as long as the block lasts."""
    try:
        house.start(**env)
        yield
    finally:
        house.stop()


@contextmanager
def _listening(house: House, browsers: Browsers, *said: Samples) -> Iterator[Page]:
    """A page that listens to `said`, in a Chromium of its own: it begins its recording once."""
    browser = browsers.start(silence(int(_LEAD_S * SAMPLE_RATE_HZ)), *said)
    try:
        page = browser.new_page()
        enter(page, house, "/?measure=1")
        begin(page)
        yield page
    finally:
        browser.close()
