"""Recordings in place of a person: each file is a conversation of its own, fed at the pace of real time.

Not a batch transcriber (`jett transcribe`): Jett hears, decides when the turn is over, and answers, as it would live.
Called by `jett talk --input` and the first run.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import numpy as np

from jett.app import App, conversation_settings
from jett.app.history import keeping
from jett.app.servers import owner
from jett.audio.file_duplex import FileDuplex
from jett.audio.files import Source, audio_seconds, audio_warnings, check_wav_target, write_wav
from jett.cli.recordings import Keeper
from jett.cli.views import View
from jett.core.audio import Samples, silence
from jett.core.errors import AudioError, EngineError, JettError, ungrouped
from jett.core.events import SessionEvent, TurnReport
from jett.guard import Kind
from jett.session.conversation import Conversation
from jett.turns.machine import State

_QUIET_S = 1.2
"""Silence after the last reply by which a conversation from a file is over."""
_GAP_S = 0.5


class UntilAnswered:
    """A file as microphone, which ends when its last turn has been answered."""

    def __init__(self, duplex: FileDuplex, conversation: Conversation) -> None:
        self.dropped_samples = 0
        self._duplex = duplex
        self._conversation = conversation
        self.gather = duplex.gather

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        async with aclosing(self._duplex.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk
                if self._is_over():
                    self._duplex.finish()

    def _is_over(self) -> bool:
        conversation = self._conversation
        ended = self._duplex.input_end_sample is not None
        return ended and conversation.state is State.IDLE and conversation.quiet_s > _QUIET_S


async def answer_files(
    app: App, files: Sequence[Source], output: Path | None, view: View, *, in_history: bool = False
) -> JettError | None:
    """Answer each file, and write what Jett said to all of them, in order, to `output`.

    `in_history`: they are talks like any other; without it nothing of them is kept, since a recording is there already.

    A file that cannot be answered is reported and the next one has its turn; returns the first failure, a turn's that
    ended in an error included. When cancelled, what was said until then is written.
    """
    said: list[Samples] = []
    failures: list[JettError] = []
    finished = False
    try:
        for file in files:
            view.listening_to(str(file), audio_warnings(file))
            try:
                failures += await answer_file(app, file, view, said, in_history=in_history)
            except JettError as error:
                failures.append(error)
                view.failed(error)
        finished = True
    finally:
        if output is not None and said:
            rate_hz = app.parts.tts.rate_hz
            write_wav(output, joined(said, round(_GAP_S * rate_hz)), rate_hz)
            view.note(f"what Jett said{'' if finished else ' until it was interrupted'} is in {output}")
    return failures[0] if failures else None


async def answer_file(
    app: App, file: Source, view: View, said: list[Samples], *, in_history: bool = False
) -> list[JettError]:
    """One conversation; what Jett says, at the voice's rate, is added to `said`, also when this is cancelled midway.

    Returns the errors in which turns ended. Raises AudioError, also when nobody speaks in `file`.
    """
    reports: list[TurnReport] = []

    def observe(event: SessionEvent) -> None:
        if isinstance(event, TurnReport):
            reports.append(event)
        app.trace(event)
        history.observe(event)
        history.sound(keeper.observe(event))

    app.parts.vad.reset()
    duplex = FileDuplex(file, rate_hz=app.parts.tts.rate_hz, noise_lsb=1)
    keeper = Keeper.of(app.settings, view.note)
    archive = app.history if in_history else None
    conversation = Conversation(app.parts, conversation_settings(app.settings), observe)
    try:
        with ungrouped(), keeping(archive, view, "recording", owner(Kind.VOICE)) as history:
            await conversation.run(
                keeper.hearing(UntilAnswered(duplex, conversation)), keeper.speaking(duplex, duplex.rate_hz)
            )
    finally:
        if reports or duplex.output.any():
            said.append(duplex.trimmed_output())
    if not reports and app.parts.wake is not None:
        names = " or ".join(name.replace("_", " ") for name in app.parts.wake.names)
        raise AudioError(
            f"audio: nobody calls Jett and asks for something in {str(file)!r} ({audio_seconds(file):.1f} s); "
            f"give a recording with {names!r} in it, or turn the wake word off"
        )
    if not reports:
        raise AudioError(
            f"audio: nobody can be heard speaking in {str(file)!r} ({audio_seconds(file):.1f} s); "
            "give a recording with speech in it, or lower vad.threshold"
        )
    return [EngineError(report.error) for report in reports if report.error]


def check_files(files: Sequence[Source], output: Path | None) -> None:
    """Refuse at once what would fail after the engines have loaded. Raises AudioError when no file is of use."""
    if output is not None:
        check_wav_target(output, [file for file in files if isinstance(file, Path)])
    failures: list[AudioError] = []
    for file in files:
        try:
            audio_seconds(file)
        except AudioError as error:
            failures.append(error)
    if failures and len(failures) == len(files):
        raise failures[0]


def joined(pieces: Sequence[Samples], gap_samples: int) -> Samples:
    """`pieces` with a gap between each two."""
    parts = [part for piece in pieces for part in (piece, silence(gap_samples))]
    return np.concatenate(parts[:-1])
