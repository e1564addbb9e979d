"""What Jett must reach and aims at on two CPU cores, and how a run compares, by the flat keys of the benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.report import table


@dataclass(frozen=True, slots=True)
class Target:
    """One row: at most `must`, better `aim`; with `higher`, at least."""

    figure: str
    key: str
    must: float
    aim: float
    higher: bool = False

    def verdict(self, value: object) -> str:
        """Of a measured value, or of none."""
        if not isinstance(value, int | float):
            return "not measured in this run"
        if self._reached(value, self.aim):
            return "aim met"
        return "must met" if self._reached(value, self.must) else "missed"

    def _reached(self, value: float, limit: float) -> bool:
        return value >= limit if self.higher else value <= limit


TARGETS = (
    Target("time to first audio from the true end of speech, P50, ms", "ttfa_p50_ms", 900, 500),
    Target("the same, P95, ms", "ttfa_p95_ms", 1500, 800),
    Target("the same against Pipecat, P50, share", "peer_ratio_p50", 0.45, 0.25),
    Target("the same against Pipecat, P95, share", "peer_ratio_p95", 0.45, 0.25),
    Target("replies heard too soon, requests, %", "commands_barista_cutoff_percent", 4, 1),
    Target("replies heard too soon, readings, %", "read_librispeech_cutoff_percent", 20, 8),
    Target("of these the slowest to fall silent, ms", "cutoff_silenced_worst_ms", 300, 300),
    Target("of these not answered as one whole turn", "cutoff_not_answered_whole", 0, 0),
    Target("speech-to-text under 5 s, times faster than stock", "stock_ratio", 3, 5, higher=True),
    Target("word error rate over stock, points", "wer_over_stock_points", 0.5, 0),
    Target("first token, warm, 1,000-token history, P50, ms", "llm_ttft_p50_ms", 350, 200),
    Target("first audio of a short clause, P50, ms", "tts_first_audio_p50_ms", 200, 100),
    Target("barge-in to the last sample played, P50, ms", "barge_in_p50_ms", 300, 150),
    Target("barge-in to the last sample played, P95, ms", "barge_in_p95_ms", 300, 150),
    Target("self-interruptions in 20 replies in a room", "echo_self_interruptions", 0, 0),
    Target("listening to silence, CPU, % of one core", "idle_cpu_percent", 5, 2),
)

BROWSER = (
    Target("true end of speech to first sound: browser minus `jett talk`, P50, ms", "browser_over_talk_p50_ms", 60, 60),
    Target("barge-in in the browser, flush to silence, P50, ms", "browser_flush_p50_ms", 50, 50),
    Target("the same, slowest, ms", "browser_flush_worst_ms", 50, 50),
)
"""Of `jett bench browser`."""


ASLEEP = (
    Target("asleep beside people who talk, CPU, % of one core", "asleep_core_percent", 2.5, 1.5),
    Target("asleep in a quiet room, the same", "asleep_quiet_core_percent", 2.5, 1.5),
    Target("beside talk, through a sound card, the same", "asleep_live_core_percent", 2.5, 1.5),
    Target("in a quiet room, through a sound card, the same", "asleep_live_quiet_core_percent", 2.5, 1.5),
    Target("of it the wake word's own work, the same", "asleep_detector_core_percent", 2.5, 1.5),
    Target("a process with the wake word alone, MB", "asleep_memory_mb", 150, 100),
    Target("end of the wake word to listening, P50, ms", "wake_to_listening_p50_ms", 150, 80),
    Target("the same, P95, ms", "wake_to_listening_p95_ms", 150, 80),
)
"""Of `jett bench asleep`."""


def compared(figures: Mapping[str, object], targets: Sequence[Target] = TARGETS) -> str:
    """The table of targets with what `figures` says of them."""
    rows = [
        [target.figure, target.must, target.aim, figures.get(target.key), target.verdict(figures.get(target.key))]
        for target in targets
    ]
    return table(rows, ["figure", "must", "aim", "measured", ""])
