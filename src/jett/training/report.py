"""What came of a training: figures as JSON and as a page of text, and the card that goes into the head's file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from jett.training.evaluation import Figures, InUse

LICENCE = "Apache-2.0"
_REAL = "the real speech of real_speech.npz (CC BY 4.0, CC0, Apache-2.0)"


@dataclass(frozen=True, slots=True)
class Report:
    """Of one head."""

    phrase: str
    spellings: tuple[str, ...]
    """Others that sound the same."""
    seed: int
    quick: bool
    voices: int
    """How many different ones called in training."""
    given_recordings: int
    """Of the owner's own, without the phrase."""
    negative_hours: float
    """In which nobody calls, none of it trained on."""
    calls_judged: int
    near_judged: int
    patience: int
    chosen: Figures
    """At the threshold of the head."""
    looked_at: Figures
    """At that from which a second look is taken."""
    in_use: InUse
    """Each call of those looked at again."""
    encoder: str
    """What looks: the model whose states a look was trained on."""
    curve: tuple[Figures, ...]
    """At others."""

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    def as_text(self) -> str:
        """A few lines and a table."""
        chosen, used = self.chosen, self.in_use
        rows = [f"{'threshold':>10}{'missed, %':>11}{'noisy, %':>10}{'near, %':>9}{'alarms an hour':>16}"]
        marked = [(chosen, "  <- chosen"), (self.looked_at, "  <- chosen where each call is looked at again")]
        for at, mark in (*marked, *((each, "") for each in self.curve[::2])):
            rows.append(
                f"{at.threshold:>10.3f}{at.miss_percent_clean:>11.1f}{at.miss_percent_noisy:>10.1f}"
                f"{at.near_accepted_percent:>9.1f}{at.false_alarms_per_hour:>16.2f}{mark}"
            )
        return "\n".join(
            [
                f"'{self.phrase}', {self.voices} voices, seed {self.seed}{', quick' if self.quick else ''}",
                f"judged by {self.calls_judged} calls of voices it never heard (noisy: 10 dB, in a room),",
                f"{self.near_judged} phrases that sound nearly alike, {self.negative_hours:.2f} hours without a call",
                "",
                f"as it is in use, each call looked at again with {self.encoder}:",
                f"missed {used.miss_percent_clean:.1f} %, noisy {used.miss_percent_noisy:.1f} %, "
                f"near phrases accepted {used.near_accepted_percent:.1f} %",
                "",
                "the head by itself:",
                *rows,
            ]
        )


def card(report: Report) -> dict[str, Any]:
    """How the head was made and measured; no more than a reader of its file needs."""
    own = f", {report.given_recordings} recordings of the owner" if report.given_recordings else ""
    return {
        "made_by": "jett wake train",
        "licence": LICENCE,
        "phrase": report.phrase,
        "seed": report.seed,
        "quick": report.quick,
        "calls": f"synthetic, {report.voices} voices of Kokoro-82M, Piper joe and eSpeak NG",
        "negatives": f"synthetic speech (Kokoro, Piper, eSpeak NG), {_REAL}{own}",
        "features": "melspectrogram and Google speech embedding (Apache-2.0), 16 x 96",
        "looks": f"states of {report.encoder}, 16 x 100 ms",
        "negative_hours": report.negative_hours,
        "calls_judged": report.calls_judged,
        "near_judged": report.near_judged,
        "measured": asdict(report.chosen),
        "measured_before_a_second_look": asdict(report.looked_at),
        "measured_in_use": {"encoder": report.encoder, **asdict(report.in_use)},
    }
