import { describe, expect, it } from "vitest";

import { flattened, following } from "@/api/cursors";
import { NAMES, outdated, parsed, patience } from "@/api/live-events";
import { asksWho, refusal, troubleOf, unreachable } from "@/api/trouble";

describe("cursors", () => {
  it("the next page is asked for with `next`, and null is the end", () => {
    expect(following({ next: "42" })).toBe("42");
    expect(following({ next: null })).toBeUndefined();
  });

  it("a row that slid to the next page is there once, in its first place", () => {
    const pages = [{ rows: [{ id: 9 }, { id: 8 }] }, { rows: [{ id: 8 }, { id: 7 }] }];
    expect(
      flattened(
        pages,
        (page) => page.rows,
        (row) => row.id,
      ),
    ).toEqual([{ id: 9 }, { id: 8 }, { id: 7 }]);
    expect(
      flattened(
        undefined,
        () => [],
        (row) => row,
      ),
    ).toEqual([]);
  });
});

describe("live events", () => {
  it("a reset makes everything out of date, a level nothing", () => {
    expect(outdated("reset")).toEqual([[]]);
    expect(outdated("level")).toEqual([]);
    expect(outdated("turn")).toContainEqual(["latency"]);
  });

  it("whoever is signed out is asked for who they are at once", () => {
    expect(parsed("signed_out", '{"error": {"code": "signed_out"}}')?.event).toBe("signed_out");
    expect(outdated("signed_out")).toEqual([["session"]]);
  });

  it("every event of the protocol is taken, others and broken ones are not", () => {
    for (const name of NAMES) expect(parsed(name, "{}")?.event).toBe(name);
    expect(parsed("reset", "")).toEqual({ event: "reset", data: {} });
    expect(parsed("other", "{}")).toBeNull();
    expect(parsed("turn", "{")).toBeNull();
  });

  it("waits twice as long after each attempt, at most eight seconds", () => {
    expect([0, 1, 2, 3, 4, 9].map(patience)).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });
});

describe("a refusal for want of a session", () => {
  it("of any question but that for the session itself has the session asked for again", () => {
    const missing = refusal(401, { error: { what: "nobody that Jett knows sent this" } });
    expect(asksWho(missing, ["settings"])).toBe(true);
    expect(asksWho(missing, undefined)).toBe(true);
    expect(asksWho(missing, ["session"])).toBe(false);
    expect(asksWho(refusal(403, {}), ["settings"])).toBe(false);
    expect(asksWho(unreachable(), ["settings"])).toBe(false);
  });
});

describe("trouble", () => {
  it("speaks the server's own words", () => {
    const error = { error: { what: "history.days is 9999", fix: "at most 3650" } };
    expect(troubleOf(refusal(422, error))).toMatchObject({
      what: "history.days is 9999",
      fix: "at most 3650",
      status: 422,
    });
  });

  it("has words for an answer without any, and for none", () => {
    expect(refusal(502, "<html>").what).toContain("502");
    expect(unreachable().status).toBe(0);
    expect(troubleOf(new Error("broke")).what).toBe("broke");
  });
});
