import { describe, expect, it } from "vitest";

import { abreast } from "@/api/live-events";
import type { Status } from "@/api/shapes";
import { wokenBy } from "@/history/woken-by";
import { roomSays } from "@/shell/room";

const room = (local_state: string, called: string[] = ["hey jett"]) =>
  roomSays({ local_loop: "running", local_state, called });

describe("the conversation in the room", () => {
  it("asleep, says what wakes it", () => {
    expect(room("asleep")).toBe("Asleep: say “hey jett”, or press Wake");
    expect(room("asleep", ["hey jett", "computer"])).toBe("Asleep: say “hey jett” or “computer”, or press Wake");
    expect(room("asleep", [])).toBe("Asleep: press Wake");
  });

  it("says that it may have been called, and what it does once it is sure", () => {
    expect(["called", "idle", "replying"].map((state) => room(state))).toEqual([
      "Was that my name?",
      "Waiting to be spoken to",
      "Speaking",
    ]);
  });

  it("says nothing where there is none, or of a state that is not known", () => {
    expect(roomSays({ local_loop: "off", local_state: "idle", called: [] })).toBe("");
    expect(room("dreaming")).toBe("");
  });

  it("changes with its own live events alone, at once", () => {
    const status = { local_state: "asleep", version: "1" } as Status;
    const state = (session: string | number) => ({ event: "state", data: { session, state: "called" } }) as const;
    expect(abreast(status, state("local"))).toEqual({ local_state: "called", version: "1" });
    expect(abreast(status, state(7))).toBe(status);
    expect(abreast(status, { event: "sessions", data: { sessions: 1 } })).toBe(status);
    expect(abreast(undefined, state("local"))).toBeUndefined();
  });
});

describe("what woke Jett for a turn", () => {
  it.each([
    [null, ""],
    ["hey_jett", "woken by “hey jett”"],
    ["key", "woken by a key"],
    ["request", "woken on request"],
    ["announcement", "woken by an announcement"],
  ])("%s", (woken_by, expected) => {
    expect(wokenBy({ woken_by })).toBe(expected);
  });
});
