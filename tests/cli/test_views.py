"""What a conversation looks like in a terminal, and what it costs to show."""

from __future__ import annotations

import io
import json

import anyio
import anyio.to_thread
import pytest
from rich.console import Console

from jett.audio.watch import DeviceRestored
from jett.cli.live_view import LiveView, meter_steps
from jett.cli.talk_live import _told_in
from jett.cli.views import JsonLines, PlainLines
from jett.cli.waterfall import Bar, bars, drawn, in_words
from jett.core.clock import FakeClock
from jett.core.errors import AudioError, ungrouped
from jett.core.events import (
    ClauseSpoken,
    LevelMeasured,
    PartialHeard,
    ReplyWithdrawn,
    StateChanged,
    Troubled,
    TurnReport,
)
from jett.settings import Settings

STAGES = {
    "speech_end": 0.0,
    "pause_seen": 80.0,
    "stt_final": 200.0,
    "llm_first_token": 300.0,
    "tts_first_audio": 350.0,
    "commit": 400.0,
    "first_audio": 420.0,
}
REPORT = TurnReport(1, 2, "Is it late?", "It is ten.", "It is", interrupted=True, ttfa_ms=420.0, stages_ms=STAGES)
FRAME_S = 0.032


class Terminal:
    """A live view on a terminal that remembers, with a clock that the test moves."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.clock = FakeClock()
        console = Console(file=self.text, force_terminal=True, width=100, color_system=None)
        self.view = LiveView(Settings(), console, self.clock)

    def frames(self, n: int, dbfs: float) -> None:
        for _ in range(n):
            self.clock.advance(FRAME_S)
            self.view(LevelMeasured(dbfs, 0.0))


def test_a_quiet_room_is_drawn_once() -> None:
    terminal = Terminal()
    with terminal.view:
        terminal.frames(300, -72.0)
    assert terminal.view.n_drawn == 1


def test_a_changing_level_is_drawn_at_most_ten_times_a_second() -> None:
    terminal = Terminal()
    with terminal.view:
        for i in range(310):
            terminal.frames(1, -40.0 + 20 * (i % 2))
    assert terminal.view.n_drawn <= 10 * 310 * FRAME_S + 1


def test_the_region_shows_state_words_and_reply_as_they_come() -> None:
    terminal = Terminal()
    with terminal.view:
        terminal.view(StateChanged("hearing"))
        terminal.view(PartialHeard(1, "is it"))
        terminal.frames(4, -20.0)
        assert "hearing you" in terminal.text.getvalue()
        assert "is it …" in terminal.text.getvalue()
        terminal.view(ClauseSpoken(1, "It is"))
        terminal.view(ClauseSpoken(1, " ten."))
        terminal.frames(4, -20.0)
        assert "jett  It is ten." in terminal.text.getvalue()


@pytest.mark.parametrize(("state", "shown"), [("asleep", "asleep"), ("called", "was that my name?")])
def test_asleep_and_perhaps_called_are_shown(state: str, shown: str) -> None:
    terminal = Terminal()
    with terminal.view:
        terminal.view(StateChanged(state))
        terminal.frames(4, -20.0)
        assert shown in terminal.text.getvalue()


def test_a_finished_turn_scrolls_by_with_its_waterfall() -> None:
    terminal = Terminal()
    with terminal.view:
        terminal.view(REPORT)
        terminal.view(ReplyWithdrawn(2, 1, "It", 1.0, 1.1, 1.2))
        terminal.view(Troubled("llm: no server answers"))
    shown = terminal.text.getvalue()
    for words in ("Is it late?", "interrupted; heard: It is", "sure it ended", "420 ms", "taken back", "no server"):
        assert words in shown


def test_the_cursor_is_back_after_the_view_even_when_it_ends_in_an_error() -> None:
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt), terminal.view:
        raise KeyboardInterrupt
    assert terminal.text.getvalue().rindex("\x1b[?25h") > terminal.text.getvalue().rindex("\x1b[?25l")


@pytest.mark.parametrize(("dbfs", "steps"), [(-100.0, 0), (-60.0, 0), (-30.0, 10), (0.0, 20), (3.0, 20)])
def test_the_meter_is_empty_in_a_quiet_room_and_full_at_full_scale(dbfs: float, steps: int) -> None:
    assert meter_steps(dbfs) == steps


def test_the_waterfall_shows_the_work_and_the_silence_side_by_side() -> None:
    assert bars(STAGES) == [
        Bar("pause", 0, 80),
        Bar("text", 80, 200),
        Bar("first word", 200, 300),
        Bar("voice", 300, 350),
        Bar("sure it ended", 80, 400),
        Bar("sound", 400, 420),
    ]
    assert bars({"speech_end": 0.0, "pause_seen": 80.0}) == [Bar("pause", 0, 80)]
    assert in_words(STAGES).startswith("first sound 420 ms after you stopped (pause 80, text 200,")


def test_a_bar_keeps_to_its_width() -> None:
    assert drawn(Bar("", 0, 100), 100, 10) == "█" * 10
    assert drawn(Bar("", 100, 100), 100, 10) == " " * 9 + "█"
    assert drawn(Bar("", 50, 75), 100, 8) == "    ██  "


def test_a_view_that_fails_when_a_device_is_lost_ends_the_conversation() -> None:
    class Closed(PlainLines):
        def note(self, text: str) -> None:
            raise BrokenPipeError

    async def converse() -> None:
        with ungrouped(), anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                await anyio.to_thread.run_sync(_told_in(tasks, Closed()), DeviceRestored("Headset"))
                await anyio.sleep_forever()

    with pytest.raises(BrokenPipeError):
        anyio.run(converse)


def test_a_line_of_json_holds_the_whole_report(capsys: pytest.CaptureFixture[str]) -> None:
    view = JsonLines()
    view.listening_to("a.wav", ["audio: cut short"])
    view(StateChanged("hearing"))
    view(REPORT)
    view.failed(AudioError("audio: gone"))
    out, err = capsys.readouterr()
    turn, failure = (json.loads(line) for line in out.splitlines())
    assert (turn["warnings"], err.splitlines()[0]) == (["audio: cut short"], "warning: audio: cut short")
    assert (turn["transcript"], turn["ttfa_ms"], turn["file"]) == ("Is it late?", 420.0, "a.wav")
    assert failure == {"file": "a.wav", "error": "audio: gone", "exit_code": 3}


def test_plain_lines_tell_the_same_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    view = PlainLines()
    view(REPORT)
    view(ReplyWithdrawn(2, 1, "It", 1.0, 1.1, 1.2))
    out = capsys.readouterr().out
    assert out.startswith("you   Is it late?\njett  It is ten.\n      (interrupted; heard: It is)\n")
    assert "taken back" in out
