"""Sleep and wake from the dashboard: the conversation in the room does it, where there is one that can."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from jett.server.rest import sleep
from jett.server.rest.sleep import SleepDesk
from tests.server.rest.place import served

pytestmark = pytest.mark.anyio


@dataclass
class Room:
    """A conversation that notes what it is told."""

    can_sleep: bool = True
    told: list[str] = field(default_factory=list)

    def sleep(self) -> None:
        self.told.append("sleep")

    def wake(self, by: str) -> None:
        self.told.append(by)


async def test_the_room_is_sent_to_sleep_and_woken() -> None:
    desk, room = SleepDesk(), Room()
    with desk.open_with(room):
        async with served(sleep.router(desk)) as http:
            asleep, awake = await http.post("/api/sleep"), await http.post("/api/wake")
    assert (asleep.json(), awake.json()) == ({"state": "asleep"}, {"state": "awake"})
    assert room.told == ["sleep", "request"]


def test_who_can_sleep_is_known_while_they_are_there() -> None:
    desk = SleepDesk()
    known = [desk.can_sleep]
    for room in (Room(), Room(can_sleep=False)):
        with desk.open_with(room):
            known.append(desk.can_sleep)
    assert [*known, desk.can_sleep] == [False, True, False, False]


@pytest.mark.parametrize("path", ["/api/sleep", "/api/wake"])
async def test_without_a_room_that_can_it_is_refused_with_the_fix(path: str) -> None:
    desk, always = SleepDesk(), Room(can_sleep=False)
    async with served(sleep.router(desk)) as http:
        nobody = await http.post(path)
        with desk.open_with(always):
            listens = await http.post(path)
            program = await http.post(path, headers={"x-who": "phone"})
        gone = await http.post(path)
    assert [answer.status_code for answer in (nobody, listens, program, gone)] == [503, 409, 403, 503]
    assert listens.json()["error"]["fix"] == "start it with a wake word"
    assert always.told == []
