"""`jett talk`: a conversation, live or with recordings in place of the person. The talking itself is `session`'s."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import anyio
import typer

from jett.app import App, open_app
from jett.app.announcing import Door, announcement_door, taking_announcements
from jett.audio.files import check_wav_target, held
from jett.cli import first_run as first
from jett.cli.loading import user_settings
from jett.cli.push_to_talk import check_terminal, pressed
from jett.cli.recordings import check_folder
from jett.cli.running import only_one
from jett.cli.sleep import sent_to_sleep
from jett.cli.talk_files import answer_files, check_files
from jett.cli.talk_live import Company, check_devices, converse
from jett.cli.views import JsonLines, PlainLines, View
from jett.core.errors import JettError
from jett.core.events import Troubled
from jett.session.conversation import Conversation
from jett.settings import Settings

Work = Callable[[App], Awaitable[JettError | None]]

EPILOG = (
    "Examples: jett talk  ·  jett talk --input question.wav --output reply.wav --json  ·  "
    "jett talk --input one.wav two.wav  ·  jett talk --input-device Headset"
)

Input = Annotated[
    list[Path] | None,
    typer.Option(
        "--input",
        "-i",
        help="A recording in place of you, at its own pace. More may follow; each is a talk.",
        metavar="FILE",
    ),
]
More = Annotated[list[Path] | None, typer.Argument(help="More recordings.", metavar="FILE")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write what Jett says to this WAV file.", metavar="FILE")
]
InputDevice = Annotated[
    str | None, typer.Option(help="Microphone, or part of its name (`jett devices`).", metavar="NAME")
]
OutputDevice = Annotated[
    str | None, typer.Option(help="Speaker, or part of its name (`jett devices`).", metavar="NAME")
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object a turn (or announcement) on stdout, nothing else there.")
]
Plain = Annotated[bool, typer.Option("--plain", help="Plain lines instead of the live view.")]
Keep = Annotated[
    Path | None, typer.Option(help="Keep the sound of each turn in this folder; never without it.", metavar="DIR")
]
InHistory = Annotated[
    bool, typer.Option("--history", help="Keep talks with recordings in the history, too; live ones are kept anyway.")
]
PushToTalk = Annotated[
    bool,
    typer.Option("--push-to-talk", help="Sleep until the space bar or Enter is pressed in this terminal."),
]
FirstRun = Annotated[
    bool,
    typer.Option(
        "--first-run", help="Fetch what is missing and test it first; without a microphone, answer an example."
    ),
]


def talk(
    more: More = None,
    input_files: Input = None,
    output: Output = None,
    input_device: InputDevice = None,
    output_device: OutputDevice = None,
    as_json: Json = False,
    plain: Plain = False,
    keep_recordings: Keep = None,
    in_history: InHistory = False,
    push_to_talk: PushToTalk = False,
    first_run: FirstRun = False,
) -> None:
    """Talk with Jett through the microphone and the speaker, or let recordings take your place.

    Live, Ctrl-C ends it; announcements are taken where ops.announcements says. With recordings it ends by itself when
    the last one is answered; without --output nothing is played. What is said live is kept (`jett history`) unless
    history.keep is false. A line of --json has transcript, reply, heard (what was played), revision, interrupted,
    ttfa_ms, stages_ms (from the true end of speech), engines, file, warnings, withdrawn and error; at (the wall clock
    at the end of speech), spans (name, start_ms, end_ms), tool_calls (name, arguments, result, start_ms, took_ms,
    failed), guard (operation, verb, target, verdict, rule, at), speaker (an enrolled voice's name, "" for nobody's,
    null where it cannot be told) and speaker_score; woken_by (what woke Jett for it: the name that was called, key,
    request, announcement; null where it was awake).
    """
    settings = user_settings(
        audio__input=input_device,
        audio__output=output_device,
        privacy__keep_recordings=True if keep_recordings else None,
        privacy__recordings_dir=keep_recordings,
    )
    check_folder(settings)
    if push_to_talk:
        check_terminal()
    files = [held(file) for file in (*(input_files or ()), *(more or ()))]
    view = view_for(settings, as_json=as_json, plain=plain)
    if first_run:
        first.prepare(settings, quiet=as_json)
    if files:
        check_files(files, output)
        answer = partial(answer_files, files=files, output=output, view=view, in_history=in_history)
        failure = anyio.run(_with_app, settings, view, answer)
    elif first_run and (problem := first.no_devices(settings)):
        view.note(problem)
        failure = anyio.run(_with_app, settings, view, partial(first.answer_example, view=view))
    else:
        if output is not None:
            check_wav_target(output)
        check_devices(settings, with_speaker=output is None)
        with only_one(), announcement_door(settings) as door:
            live = partial(_live, view=view, output=output, test=first_run, door=door, push_to_talk=push_to_talk)
            failure = anyio.run(_with_app, settings, view, live)
    if failure is not None:
        raise typer.Exit(failure.exit_code)


async def _with_app(settings: Settings, view: View, work: Work) -> JettError | None:
    """Load the engines, do `work` with them and close them, shown by `view`."""
    view.note("loading …")
    with view:
        async with open_app(settings, on_warning=view.note) as app:
            view.ready(app)
            for trouble in app.troubles:
                view(Troubled(trouble))
            return await work(app)


async def _live(app: App, view: View, output: Path | None, test: bool, door: Door | None, push_to_talk: bool) -> None:
    if test:
        await first.self_test(app, view)

    @asynccontextmanager
    async def beside(conversation: Conversation) -> AsyncGenerator[None, None]:
        keys = pressed(partial(conversation.wake, "key")) if push_to_talk else nullcontext()
        announcements = taking_announcements(app, door, conversation, trouble=lambda text: view(Troubled(text)))
        with sent_to_sleep(conversation), keys:
            async with announcements:
                yield

    await converse(app, view, output, Company(beside, push_to_talk=push_to_talk))


def view_for(settings: Settings, *, as_json: bool, plain: bool) -> View:
    """JSON lines for scripts, the live view where there is a terminal, plain lines elsewhere."""
    if as_json:
        return JsonLines()
    from jett.cli.live_view import LiveView, can_be_shown

    if not plain and settings.ui.live and can_be_shown():
        return LiveView(settings)
    return PlainLines()
