import { describe, expect, it } from "vitest";

import { Resampler } from "../public/worklets/resampler.js";

const tone = (hz: number, rate: number, seconds: number) =>
  Float32Array.from(
    { length: Math.round(rate * seconds) },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * hz * index) / rate),
  );

function converted(sound: Float32Array, from: number, to: number, block: number): Float32Array {
  const resampler = new Resampler(from, to);
  const parts: number[] = [];
  for (let at = 0; at < sound.length; at += block) parts.push(...resampler.push(sound.subarray(at, at + block)));
  return Float32Array.from([...parts, ...resampler.flush()]);
}

const rms = (sound: Float32Array) => Math.sqrt(sound.reduce((sum, value) => sum + value * value, 0) / sound.length);

describe.each([
  [48000, 16000],
  [44100, 16000],
  [24000, 48000],
  [24000, 44100],
  [16000, 44100],
  [16000, 48000],
  [96000, 16000],
])("from %i Hz to %i Hz", (from, to) => {
  it("a tone stays the tone that it was, sample for sample", () => {
    const result = converted(tone(440, from, 0.5), from, to, 128);
    const ideal = tone(440, to, 0.5);
    const middle = Array.from(result.subarray(to * 0.1, to * 0.4));
    const worst = middle.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (ideal[to * 0.1 + index] ?? 0))),
      0,
    );
    expect(worst).toBeLessThan(0.003);
  });

  it("the sound is as long as before", () => {
    const result = converted(tone(440, from, 0.5), from, to, 128);
    expect(Math.abs(result.length - to * 0.5)).toBeLessThanOrEqual(2);
  });

  it("the blocks that it comes in change nothing", () => {
    const sound = tone(700, from, 0.1);
    expect(converted(sound, from, to, 128)).toEqual(converted(sound, from, to, 977));
  });
});

it("what the lower rate cannot hold is taken out, not folded down", () => {
  const result = converted(tone(11000, 48000, 0.3), 48000, 16000, 128);
  expect(rms(result.subarray(800, 4000))).toBeLessThan(0.001);
});

it("of equal rates nothing is touched", () => {
  const sound = tone(440, 48000, 0.01);
  expect(new Resampler(48000, 48000).push(sound)).toBe(sound);
});
