import { expect, it } from "vitest";

import { layout, pieces, stack, ticks, unaccounted } from "@/waterfall/layout";

const STAGES = {
  pause_seen: 50,
  stt_final: 200,
  llm_first_token: 300,
  tts_first_audio: 420,
  commit: 400,
  first_audio: 430,
};
const piece = (name: string, start_ms: number, end_ms: number) => ({ name, start_ms, end_ms });

it("without spans the marks are the parts, as in the terminal", () => {
  expect(pieces(STAGES)).toEqual([
    piece("pause", 0, 50),
    piece("text", 50, 200),
    piece("first word", 200, 300),
    piece("voice", 300, 420),
    piece("sure it ended", 50, 400),
    piece("sound", 420, 430),
  ]);
});

it("a mark that the turn did not have leaves its parts out", () => {
  expect(pieces({ pause_seen: 50, commit: 400 }).map(({ name }) => name)).toEqual(["pause", "sure it ended"]);
});

it("time for which no piece accounts is a gap, overlaps are counted once", () => {
  const rows = [piece("a", 10, 100), piece("b", 40, 80), piece("c", 150, 200)];
  expect(unaccounted(rows, 260)).toEqual([
    { start_ms: 0, end_ms: 10 },
    { start_ms: 100, end_ms: 150 },
    { start_ms: 200, end_ms: 260 },
  ]);
});

it("of a typed turn the marks leave out what its spans account for", () => {
  const stages = { commit: 2.1, llm_first_token: 2578.5, tts_first_audio: 2700, first_audio: 2710 };
  const spans = [piece("llm", 2.1, 2578.5), piece("tts", 2578.6, 2700), piece("playing", 2710, 5000)];
  expect(layout([], stages).gaps).toEqual([{ start_ms: 0, end_ms: 2578.5 }]);
  expect(layout(spans, stages).gaps.map(({ start_ms }) => start_ms)).toEqual([0, 2700]);
});

it("what comes after the first sound is no gap", () => {
  expect(unaccounted([piece("a", 0, 100), piece("later", 500, 600)], 100)).toEqual([]);
});

it("work before the end of speech widens the clock to the left", () => {
  const { from_ms, to_ms, rows } = layout([piece("sound", 400, 900), piece("prefill", -700, -200)], STAGES);
  expect([from_ms, to_ms, rows[0]?.name]).toEqual([-700, 900, "prefill"]);
});

it("a turn without an answer has no gaps and no first sound", () => {
  expect(layout([piece("a", 0, 10)], {})).toMatchObject({ gaps: [], first_sound_ms: null });
});

it.each([
  [0, 500, [0, 100, 200, 300, 400, 500]],
  [-700, 900, [-500, 0, 500]],
  [0, 7, [0, 2, 4, 6]],
])("ticks from %d to %d are round", (from, to, expected) => {
  expect(ticks(from, to)).toEqual(expected);
});

it("the stacked parts are the time to first audio together", () => {
  const parts = stack(STAGES);
  expect(parts.reduce((sum, { ms }) => sum + ms, 0)).toBe(430);
  expect(parts.map(({ name }) => name)).toEqual([
    "pause_seen",
    "stt_final",
    "llm_first_token",
    "commit",
    "tts_first_audio",
    "first_audio",
  ]);
});

it("a mark after the first sound adds nothing to the wait", () => {
  expect(stack({ commit: 400, tts_first_audio: 600, first_audio: 410 }).reduce((sum, { ms }) => sum + ms, 0)).toBe(410);
});
