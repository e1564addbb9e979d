import { beforeEach, expect, it, vi } from "vitest";

import { Measure } from "@/talk/measure";
import { fromBase64 } from "@/talk/pcm";

const HZ = 48000;
const PIECE = 320;

beforeEach(() => vi.stubGlobal("window", { location: { search: "?measure=1" } }));

const samples = (pcm16: string | undefined) => [...new Int16Array(fromBase64(pcm16 ?? ""))];

function opened() {
  const measure = new Measure();
  measure.opened(HZ);
  return measure;
}

it("what was rendered is one sound with silence in its gaps, from any frame on", () => {
  const measure = opened();
  measure.block(0, Float32Array.from([1, 1]));
  measure.block(2, Float32Array.from([0.5, 0.5]));
  measure.block(6, Float32Array.from([1]));
  const whole = window.__jett?.recording();
  expect(whole).toMatchObject({ hz: HZ, frame: 0, gaps: 1 });
  expect(samples(whole?.pcm16)).toEqual([32767, 32767, 16384, 16384, 0, 0, 32767]);
  expect(window.__jett?.recording(5)).toMatchObject({ frame: 6, gaps: 0 });
  expect(window.__jett?.recording(7)).toMatchObject({ pcm16: "", frame: 0 });
});

it("what the microphone brought keeps the context's count of each piece", () => {
  const measure = opened();
  for (const index of [0, 1]) measure.captured(960 * (index + 1), new Int16Array(PIECE).fill(index).buffer);
  const heard = window.__jett?.captured();
  expect(heard).toMatchObject({ hz: 16000, context_hz: HZ, piece_samples: PIECE, frames: [960, 1920] });
  expect(samples(heard?.pcm16)).toEqual([...Array(PIECE).fill(0), ...Array(PIECE).fill(1)]);
});

it("of a long talk the newest minute is kept, and nothing of an earlier context", () => {
  const measure = opened();
  for (let index = 1; index <= 7000; index += 1) measure.captured(960 * index, new ArrayBuffer(2 * PIECE));
  const { frames } = window.__jett?.captured() ?? { frames: [] };
  expect([frames.length, frames.at(-1)]).toEqual([3000, 960 * 7000]);
  measure.opened(HZ);
  expect(window.__jett?.captured()).toMatchObject({ frames: [], pcm16: "" });
});

it("without being asked for, nothing of the microphone is kept", () => {
  vi.stubGlobal("window", { location: { search: "" } });
  opened().captured(960, new ArrayBuffer(2 * PIECE));
  expect(window.__jett?.captured()).toMatchObject({ frames: [] });
});
