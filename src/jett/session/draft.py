"""A reply in the making: language model → clauses → speech, held on a track until the turn commits.

The model and the voice work at once: clauses pass through a bounded channel, so a model that is faster than the
voice waits. Cancelling `produce` closes the model's stream, which frees the model.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from jett.core.audio import silence
from jett.core.clock import Clock
from jett.core.errors import EngineError, JettError
from jett.core.events import Decided
from jett.core.ports import LanguageModel, Message, Plan, TextToSpeech, Tools
from jett.session.acting import acting
from jett.session.announcements import Announcement
from jett.session.playback import Clip, Playback, Track
from jett.session.redacted import Pieces
from jett.session.tools_used import NotedTools, Use
from jett.session.worker import Caller
from jett.turns.clauses import ClauseSplitter

_CLAUSES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Voice:
    """How text becomes sound: the engine, its thread, and the rules for speaking numbers and names."""

    engine: TextToSpeech
    worker: Caller
    spoken: Callable[[str], str]


@dataclass(slots=True)
class Draft:
    """One answer to one text. `marks` are monotonic times: the model asked, its first token, the voice asked, its
    first sound, the end of playing."""

    turn: int
    revision: int
    said: str
    track: Track
    text: str = ""
    error: str = ""
    marks: dict[str, float] = field(default_factory=dict)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    voice_failed: bool = False
    plan: Plan | None = None
    committed: anyio.Event = field(default_factory=anyio.Event)
    """A plan is carried out only after it."""
    sounding: bool = False
    """Of a plan: whether it is sure what is said."""
    canned: bool = False
    """A fixed sentence: no model was asked and history does not keep it."""
    clauses: Pieces = field(default_factory=lambda: Pieces(str, between=" "))
    """Takes secrets out of what is spoken."""
    announcement: Announcement | None = None
    used: list[Use] = field(default_factory=list)
    """Tools, in order."""
    decisions: list[Decided] = field(default_factory=list)
    """What the guard said, in order."""
    silent: bool = False
    """Written, not spoken: its clips have no sound."""

    def cancel(self) -> None:
        """Stop making it; what was made stays on the track."""
        self.scope.cancel()


class Drafter:
    """Makes drafts with one language model and one voice."""

    def __init__(
        self, llm: LanguageModel, voice: Voice, playback: Playback, clock: Clock, tools: Tools | None = None
    ) -> None:
        self._llm = llm
        self._tools = tools
        self._voice = voice
        self._playback = playback
        self._clock = clock

    async def produce(self, draft: Draft, messages: Sequence[Message]) -> None:
        """Fill `draft` until the model is done or the draft is cancelled. Failures are spoken on the track."""
        with draft.scope:
            await self._speak_all(draft, self._deltas(draft, messages))

    async def produce_planned(self, draft: Draft, carry_out: Callable[[], AsyncGenerator[str, None]]) -> None:
        """Make the plan's preview, wait for the commit, carry the plan out, and speak what comes of it.

        The preview's sound is used if it is still true, and dropped if it is not.
        """
        with draft.scope:
            assert draft.plan is not None
            await self._say(draft, draft.plan.preview)
            await draft.committed.wait()
            await self._say_what_comes(draft, draft.plan.preview, carry_out)
            self._playback.complete(draft.track)

    async def produce_canned(self, draft: Draft, sentence: str) -> None:
        """Fill `draft` with a fixed sentence."""
        with draft.scope:
            await self._speak_all(draft, _once(sentence))

    async def _deltas(self, draft: Draft, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        draft.marks["llm_asked"] = self._clock.now_s()
        try:
            async with aclosing(self._reply(draft, messages)) as deltas:
                async for delta in deltas:
                    yield delta
        except JettError as error:
            draft.error = str(error)
            draft.canned = not draft.text.strip()
            yield f" {error.spoken}"

    def _reply(self, draft: Draft, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        if self._tools is None:
            return self._llm.stream(messages)
        tools = NotedTools(self._tools, self._clock, draft.used, draft.decisions)
        return acting(self._llm, tools, messages, draft.committed.wait)

    async def _say_what_comes(
        self, draft: Draft, preview: str, carry_out: Callable[[], AsyncGenerator[str, None]]
    ) -> None:
        try:
            async with aclosing(carry_out()) as sentences:
                async for sentence in sentences:
                    await self._say_next(draft, sentence, preview)
        except JettError as error:
            draft.error = str(error)
            await self._say_next(draft, error.spoken, "")

    async def _say_next(self, draft: Draft, sentence: str, preview: str) -> None:
        """The first sentence begins to sound; later ones follow it."""
        is_first = not draft.sounding
        if is_first and sentence != preview:
            self._playback.clear(draft.track)
            draft.text = ""
        if is_first:
            draft.sounding = True
            self._playback.play(draft.track)
        if not is_first or sentence != preview:
            await self._say(draft, sentence)

    async def _say(self, draft: Draft, sentence: str) -> None:
        draft.text = f"{draft.text} {sentence}".strip()
        splitter = ClauseSplitter()
        for clause in (*splitter.feed(sentence), *splitter.flush()):
            await self._speak(draft, clause)

    async def _speak_all(self, draft: Draft, deltas: AsyncGenerator[str, None]) -> None:
        send, receive = anyio.create_memory_object_stream[str](_CLAUSES_AHEAD)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._speak_clauses, draft, receive)
            async with send, aclosing(deltas):
                await self._split(draft, deltas, send)
        self._playback.complete(draft.track)

    async def _split(
        self, draft: Draft, deltas: AsyncGenerator[str, None], clauses: MemoryObjectSendStream[str]
    ) -> None:
        splitter = ClauseSplitter()
        async for delta in deltas:
            draft.marks.setdefault("llm_first_token", self._clock.now_s())
            draft.text += delta
            for clause in splitter.feed(delta):
                await clauses.send(clause)
        for clause in splitter.flush():
            await clauses.send(clause)

    async def _speak_clauses(self, draft: Draft, clauses: MemoryObjectReceiveStream[str]) -> None:
        async with clauses:
            async for clause in clauses:
                await self._speak(draft, clause)

    async def _speak(self, draft: Draft, clause: str) -> None:
        clause = draft.clauses.next(clause)
        if draft.silent:
            self._append(draft, Clip(clause, silence(0)))
            return
        spoken = self._voice.spoken(clause)
        if not spoken.strip():
            return
        draft.marks.setdefault("tts_asked", self._clock.now_s())
        try:
            samples = await self._voice.worker.within(self._needed_in_s(draft)).call(
                self._voice.engine.synthesize, spoken
            )
        except EngineError as error:
            await self._say_that_the_voice_failed(draft, error)
            return
        self._append(draft, Clip(clause, samples))

    def _needed_in_s(self, draft: Draft) -> float:
        """How soon the next clause is needed: half of the sound that there is already, for it takes time to make."""
        ahead_samples = draft.track.total_samples - draft.track.played_samples
        return ahead_samples / self._voice.engine.rate_hz / 2

    async def _say_that_the_voice_failed(self, draft: Draft, failure: EngineError) -> None:
        """Once a reply, and only if the voice can say so much; the report has the error in any case."""
        said_before, draft.voice_failed = draft.voice_failed, True
        draft.error = str(failure)
        if said_before:
            return
        try:
            samples = await self._voice.worker.call(self._voice.engine.synthesize, failure.spoken)
        except EngineError:
            return
        self._append(draft, Clip(failure.spoken, samples))

    def _append(self, draft: Draft, clip: Clip) -> None:
        draft.marks.setdefault("tts_first_audio", self._clock.now_s())
        self._playback.append(draft.track, clip)


async def _once(text: str) -> AsyncGenerator[str, None]:
    yield text
