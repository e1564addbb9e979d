"""What breaks is said in one short sentence, and the next turn works: real engines, servers that misbehave for real."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import psutil
import pytest

from jett.audio.file_duplex import FileDuplex
from jett.core.audio import Samples
from jett.core.errors import AudioError, LanguageModelError, NothingSaid, SpeechToTextError, TextToSpeechError
from jett.core.events import ClauseSpoken, SessionEvent, TurnReport
from jett.core.ports import SpeechToText, TextToSpeech, Transcript
from jett.engines.llm.answer import Timeouts
from jett.engines.llm.openai_chat import OpenAIChatLanguageModel
from jett.session.conversation import Conversation
from tests.engines.llm.peer import HANG, SSE, Peer, Script, delta
from tests.session.conftest import Stage
from tests.system.recordings import Scene, at_once, at_rest, clip, joined, play, seconds, understood

pytestmark = pytest.mark.models

IMPATIENT = Timeouts(connect_s=1.0, first_byte_s=0.5, gap_s=0.5, prefill_s=0.5)
YES = (SSE, delta("Yes, of course."), delta("", "stop"), b"data: [DONE]\n\n")
HANGING: Script = (HANG,)
GARBAGE: Script = (SSE, b"data: {not json\n\n")


class FlakySpeechToText:
    """Port SpeechToText: fails as long as `working` is false, then is a real engine."""

    def __init__(self, engine: SpeechToText) -> None:
        self.working = False
        self._engine = engine

    def transcribe(self, speech: Samples, *, earlier: Sequence[Transcript] = (), partial: bool = False) -> Transcript:
        if not self.working:
            raise SpeechToTextError("stt: out of order; mend it")
        return self._engine.transcribe(speech, earlier=earlier, partial=partial)


class FlakyTextToSpeech:
    """Port TextToSpeech: fails for its first `failures` clauses, then is a real engine."""

    def __init__(self, engine: TextToSpeech, failures: int) -> None:
        self.rate_hz = engine.rate_hz
        self._failures = failures
        self._engine = engine

    def synthesize(self, clause: str) -> Samples:
        self._failures -= 1
        if self._failures >= 0:
            raise TextToSpeechError("tts: out of order; mend it")
        return self._engine.synthesize(clause)


class CutMicrophone:
    """Port Microphone: a duplex whose plug is pulled after `until_s`, with or without an error."""

    dropped_samples = 0

    def __init__(self, duplex: FileDuplex, until_s: float, error: AudioError | None) -> None:
        self._duplex = duplex
        self._until_s = until_s
        self._error = error

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        async with aclosing(self._duplex.chunks()) as chunks:
            async for chunk in chunks:
                yield chunk
                if self._duplex.heard_samples >= self._until_s * 16_000:
                    break
        if self._error is not None:
            raise self._error


@pytest.fixture(autouse=True)
def _nothing_left_running(stage: Stage) -> Iterator[None]:
    """What a conversation owns is gone after it: threads, connections, child processes."""
    before = _connections(), _children(), _workers()
    yield
    assert (_connections(), _children(), _workers()) == before


def _workers() -> set[threading.Thread]:
    owned = ("jett-stt", "jett-turn", "jett-tts")
    return {thread for thread in threading.enumerate() if thread.name.startswith(owned)}


def _connections() -> set[int]:
    """Local ports of connections and servers; the far ends of the model server's own connections close in its time."""
    found = psutil.Process().net_connections("inet")
    return {at.laddr.port for at in found}


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _converse_with(stage: Stage, broken: Script) -> tuple[Scene, Peer]:
    """Two requests to one server, which is mended before the second."""

    async def scene() -> tuple[Scene, Peer]:
        peer = Peer(lambda: YES if _asks_for_cappuccino(peer) else broken)
        server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
        async with server, _client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as llm:
            sayings = (at_once, clip("drip_coffee")), (at_rest(0.2), clip("dark_roast_cappuccino"))
            return await play(replace(stage.brief, llm=llm), stage.settings, *sayings), peer

    return stage.portal.call(scene)


def _asks_for_cappuccino(peer: Peer) -> bool:
    return "cappuccino" in peer.requests[-1]["messages"][-1]["content"].lower()


@asynccontextmanager
async def _client(url: str) -> AsyncGenerator[OpenAIChatLanguageModel, None]:
    llm = OpenAIChatLanguageModel(f"{url}/v1", timeouts=IMPATIENT)
    try:
        yield llm
    finally:
        await llm.aclose()


def _assert_only_spoken(report: TurnReport, sentence: str) -> None:
    """The turn's whole reply was the sentence about its failure."""
    assert report.heard == sentence
    assert report.error
    assert not report.interrupted
    assert report.ttfa_ms is not None


def _assert_answered(report: TurnReport) -> None:
    """As if nothing had happened before."""
    assert understood([report.transcript], "dark_roast_cappuccino")
    assert not report.error
    assert report.reply
    assert report.heard == report.reply


@pytest.mark.parametrize("broken", [HANGING, GARBAGE], ids=["hangs", "talks garbage"])
def test_a_language_model_that_fails_is_said_and_the_next_turn_is_answered(stage: Stage, broken: Script) -> None:
    scene, peer = _converse_with(stage, broken)
    first, second = scene.reports
    _assert_only_spoken(first, LanguageModelError.spoken)
    _assert_answered(second)
    assert " ".join(scene.clauses) == f"{LanguageModelError.spoken} Yes, of course."
    assert scene.troubles
    assert scene.output.any()
    assert LanguageModelError.spoken not in str(peer.requests[-1])


def test_a_language_model_with_nothing_to_say_is_said(stage: Stage) -> None:
    scene, _ = _converse_with(stage, (SSE, delta("<think>hm"), delta("", "stop"), b"data: [DONE]\n\n"))
    _assert_only_spoken(scene.reports[0], NothingSaid.spoken)
    _assert_answered(scene.reports[1])


def test_a_language_model_that_is_down_is_said_each_time(stage: Stage) -> None:
    async def scene() -> Scene:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with _client(f"http://127.0.0.1:{port}") as llm:
            sayings = (at_once, clip("drip_coffee")), (at_rest(0.2), clip("drip_coffee"))
            return await play(replace(stage.brief, llm=llm), stage.settings, *sayings)

    reports = stage.portal.call(scene).reports
    assert len(reports) == 2
    for report in reports:
        _assert_only_spoken(report, LanguageModelError.spoken)


def test_speech_that_cannot_be_transcribed_is_said_and_the_next_turn_is_answered(stage: Stage) -> None:
    stt = FlakySpeechToText(stage.brief.stt)

    def mended(scene: Scene) -> bool:
        stt.working = at_rest(0.2)(scene)
        return stt.working

    scene = stage.play(
        replace(stage.brief, stt=stt), (at_once, clip("drip_coffee")), (mended, clip("dark_roast_cappuccino"))
    )
    first, second = scene.reports
    _assert_only_spoken(first, SpeechToTextError.spoken)
    _assert_answered(second)
    assert scene.conversation is not None
    assert [exchange.said for exchange in scene.conversation.history.exchanges] == [second.transcript]


def test_a_voice_that_fails_for_a_clause_says_so(stage: Stage) -> None:
    tts = FlakyTextToSpeech(stage.brief.tts, failures=1)
    scene = stage.play(
        replace(stage.brief, tts=tts), (at_once, clip("drip_coffee")), (at_rest(0.2), clip("dark_roast_cappuccino"))
    )
    first, second = scene.reports
    assert first.heard.startswith(TextToSpeechError.spoken)
    assert first.error
    _assert_answered(second)


def test_a_voice_that_is_lost_altogether_still_ends_the_turn_and_is_reported(stage: Stage) -> None:
    tts = FlakyTextToSpeech(stage.brief.tts, failures=1000)
    scene = stage.play(replace(stage.brief, tts=tts), (at_once, clip("drip_coffee")))
    (report,) = scene.reports
    assert report.error
    assert (report.heard, report.ttfa_ms) == ("", None)
    assert scene.troubles
    assert not scene.output.any()


@pytest.mark.parametrize("at_s", [1.0, 3.2], ids=["while the user speaks", "while Jett answers"])
def test_a_microphone_that_ends_ends_the_conversation_quietly(stage: Stage, at_s: float) -> None:
    seen = _cut_at(stage, at_s, None)
    assert not seen.troubles


def test_a_microphone_that_fails_ends_the_conversation_with_its_error(stage: Stage) -> None:
    with pytest.RaisesGroup(AudioError, flatten_subgroups=True):
        _cut_at(stage, 1.0, AudioError("audio: the plug was pulled; put it back"))


@pytest.mark.parametrize("kind", [ClauseSpoken, TurnReport], ids=["as a reply begins", "as a turn is reported"])
def test_an_observer_that_fails_ends_the_conversation_with_its_error(stage: Stage, kind: type[SessionEvent]) -> None:
    def fails(event: SessionEvent) -> None:
        if isinstance(event, kind):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.RaisesGroup(OSError, flatten_subgroups=True):
        stage.play(stage.brief, (at_once, clip("drip_coffee")), observer=fails)


def _cut_at(stage: Stage, at_s: float, error: AudioError | None) -> Scene:
    async def scene() -> Scene:
        stage.brief.vad.reset()
        scene = Scene()
        duplex = FileDuplex(joined(clip("drip_coffee"), seconds(5)), rate_hz=stage.brief.tts.rate_hz)
        conversation = Conversation(stage.brief, stage.settings, scene.observe)
        await conversation.run(CutMicrophone(duplex, at_s, error), duplex)
        return scene

    return stage.portal.call(scene)
