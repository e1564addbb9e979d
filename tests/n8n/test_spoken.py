"""By voice, with real models: a workflow that a real n8n runs, and one that has Jett say something."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from jett.app import App, load_stt
from jett.app.announcing import announcement_door, taking_announcements
from jett.app.servers import commands, open_servers, owner, with_server_words
from jett.audio.resample import resample
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.events import AnnouncementEnded, SessionEvent
from jett.guard import Kind
from jett.models.store import Store
from jett.settings import Settings
from tests.n8n.desktop import Server, recorded, running_server, server
from tests.session.conftest import Stage, stage
from tests.system.recordings import Cue, Scene, at_once, at_rest, clip, play, seconds
from tests.system.test_spoken_operations import user_says

__all__ = ["running_server", "server", "stage"]  # the fixtures

pytestmark = pytest.mark.models

SAID = "Announcement from n8n: The report is ready, and all is well."
A_MOMENT = seconds(0.02)


@dataclass
class Desk:
    """A microphone, a speaker, a guard, and the door for announcements."""

    stage: Stage
    settings: Settings
    store: Store
    announcements: list[AnnouncementEnded] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def hold(self, *sayings: tuple[Cue, Samples]) -> Scene:
        """One conversation, as `jett talk` holds it, through files."""

        async def scene() -> Scene:
            async with open_servers(self.settings) as servers:
                heard_by = load_stt(with_server_words(self.settings, servers.gate.policy), self.store)
                parts = replace(
                    self.stage.brief, stt=heard_by, commands=commands(self.settings, servers, owner(Kind.VOICE))
                )
                app = App(self.settings, parts, "", servers=servers)
                with announcement_door(self.settings) as door:
                    beside = partial(taking_announcements, app, door, trouble=self.troubles.append)
                    return await play(parts, self.stage.settings, *sayings, observer=self._observe, beside=beside)

        return self.stage.portal.call(scene)

    def _observe(self, event: SessionEvent) -> None:
        if isinstance(event, AnnouncementEnded):
            self.announcements.append(event)

    def ask(self, text: str, question: str, n_announcements: int) -> Scene:
        """Until it was heard right: the made voice differs each time, and a mishearing does nothing."""

        def over(scene: Scene) -> bool:
            misheard = bool(scene.reports) and scene.reports[0].reply != question
            return misheard or (len(scene.reports) == 2 and len(self.announcements) >= n_announcements)

        for _ in range(5):
            said = (at_once, user_says(self.stage.app, text)), (at_rest(0.3), clip("yes"))
            scene = self.hold(*said, (over, A_MOMENT))
            if scene.reports[0].reply == question:
                return scene
        raise AssertionError(f"{text!r} was never understood")


@pytest.fixture
def desk(stage: Stage, store: Store, server: Server, tmp_path: Path) -> Desk:
    return Desk(stage, server.settings(tmp_path), store)


def heard_in(scene: Scene, stage: Stage) -> str:
    """What speech-to-text hears of Jett's side."""
    said = resample(scene.output, scene.rate_hz, SAMPLE_RATE_HZ)
    return stage.brief.stt.transcribe(said[-12 * SAMPLE_RATE_HZ :]).text


def test_run_the_backup_workflow_and_a_yes_and_n8n_has_run_it(desk: Desk, server: Server) -> None:
    before = server.n8n.executions("backup")
    scene = desk.ask("Run the backup workflow.", "Run the workflow backup?", 0)
    assert scene.reports[1].reply == "Running the backup workflow. The backup workflow has run."
    assert server.n8n.executions("backup") == [*before, ("webhook", "success")]
    records = recorded(desk.settings)
    assert [record.kind for record in records] == ["request", "confirmation", "intent", "outcome"]
    assert {record.identity for record in records} == {"voice/owner"}


def test_a_workflow_has_jett_say_something_after_it_was_answered(desk: Desk, server: Server) -> None:
    """Its HTTP Request node posts while Jett still speaks: queued, said when it is quiet, and in the record."""
    before = server.n8n.executions("report")
    scene = desk.ask("Run the report workflow.", "Run the workflow report?", 1)
    assert scene.reports[1].reply == "Running the report workflow. The report workflow has run."
    (said,) = desk.announcements
    assert (said.announcement, said.heard, said.interrupted) == (SAID, SAID, False)
    assert server.n8n.executions("report") == [*before, ("webhook", "success")]
    assert not desk.troubles
    announced = [record for record in recorded(desk.settings) if record.identity == "token/n8n"]
    assert [record.kind for record in announced] == ["request", "intent", "outcome"]
    assert (announced[-1].verb, announced[-1].verdict) == ("announce", "done")
    assert scene.conversation is not None
    assert "report is ready" not in str(scene.conversation.history.exchanges)


def test_an_announcement_out_of_the_blue_is_heard(desk: Desk, server: Server, stage: Stage) -> None:
    """Somebody else starts the workflow while the room is quiet."""
    posted: list[int] = []

    def post() -> None:
        token = {"X-Jett-Token": server.n8n.webhook_token}
        answer = httpx.post(f"{server.n8n.url}/webhook/report", headers=token, trust_env=False, timeout=30)
        posted.append(answer.status_code)

    somebody = threading.Thread(target=post)

    def started(scene: Scene) -> bool:
        if scene.heard_s < 2.5:
            return False
        somebody.start()
        return True

    scene = desk.hold((started, A_MOMENT), (lambda scene: bool(desk.announcements), A_MOMENT))
    somebody.join(30)
    assert posted == [200]
    assert agreement(SAID.replace("n8n", "n eight n"), heard_in(scene, stage)) >= 0.6
    assert [record.verdict for record in recorded(desk.settings)][-1] == "done"
    assert scene.conversation is not None
    assert scene.conversation.history.exchanges == []
