import { expect, it } from "vitest";

import { fromBase64, loudness, rms, toBase64 } from "@/talk/pcm";

it("sound goes over the wire and back unchanged, however long", () => {
  const sound = Int16Array.from({ length: 70_000 }, (_, index) => ((index * 7919) % 65536) - 32768);
  expect(new Int16Array(fromBase64(toBase64(sound.buffer)))).toEqual(sound);
});

it("loudness goes from nothing at -60 dBFS to one at full scale", () => {
  expect([0, 0.001, 1, 2].map(loudness)).toEqual([0, 0, 1, 1]);
  expect(loudness(0.0316)).toBeCloseTo(0.5, 2);
});

it("the root mean square of full scale is one, of nothing zero", () => {
  expect(rms(new Int16Array(320).fill(-32768).buffer)).toBe(1);
  expect(rms(new ArrayBuffer(0))).toBe(0);
});
