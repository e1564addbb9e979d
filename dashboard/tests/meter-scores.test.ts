import { describe, expect, it } from "vitest";

import { whoseVoice } from "@/history/whose-voice";
import { after, height, line, marks, NO_SCORES, SHOWN_FRAMES, type Scores } from "@/settings/meter-scores";

const READY = { type: "ready" as const, frame_ms: 80, names: [{ name: "hey_jett", threshold: 0.5 }] };

function scored(count: number, woken: number[] = []): Scores {
  const frames = Array.from({ length: count }, (_, at) => ({
    type: "scores" as const,
    at_ms: (at + 1) * 80,
    scores: [at / count],
    woken: woken.includes(at) ? "hey_jett" : "",
  }));
  return frames.reduce(after, after(NO_SCORES, READY));
}

describe("the wake word's meter", () => {
  it("keeps the newest frames, and counts every call", () => {
    const scores = scored(SHOWN_FRAMES + 30, [3, SHOWN_FRAMES + 29]);
    expect(scores.frames).toHaveLength(SHOWN_FRAMES);
    expect(scores.frames.at(-1)?.at).toBe((SHOWN_FRAMES + 30) * 80);
    expect(scores.calls).toBe(2);
  });

  it("goes by new thresholds without forgetting what was heard", () => {
    const before = scored(10, [4]);
    const now = after(before, { ...READY, names: [{ name: "hey_jett", threshold: 0.2 }] });
    expect(now).toEqual({ ...before, names: [{ name: "hey_jett", threshold: 0.2 }] });
  });

  it("draws the newest frame at the right, a mark at each call, and a score that is out of its limits at the edge", () => {
    const { frames } = scored(2, [1]);
    expect(line(frames, 0)).toBe(`${SHOWN_FRAMES - 2},100 ${SHOWN_FRAMES - 1},50`);
    expect(marks(frames, "hey_jett")).toEqual([SHOWN_FRAMES - 1]);
    expect(marks(frames, "alexa")).toEqual([]);
    expect([height(-1), height(0.25), height(7)]).toEqual([100, 75, 0]);
  });
});

describe("whose voice a turn was", () => {
  it.each([
    [null, null, ""],
    ["", 0.214, "unknown voice 0.21"],
    ["anna", 0.8, "anna’s voice 0.80"],
    ["anna", null, "anna’s voice"],
  ])("%s, %s", (speaker, speaker_score, expected) => {
    expect(whoseVoice({ speaker, speaker_score })).toBe(expected);
  });
});
