import { expect, it } from "vitest";

import { Ring } from "../public/worklets/ring.js";

const samples = (...values: number[]) => Float32Array.from(values);

function read(ring: Ring, count: number): number[] {
  const into = new Float32Array(count);
  return [...into.subarray(0, ring.read(into))];
}

it("what went in comes out in order, over the ring's end too", () => {
  const ring = new Ring(4);
  ring.write(samples(1, 2, 3));
  expect(read(ring, 2)).toEqual([1, 2]);
  expect(ring.write(samples(4, 5, 6))).toBe(3);
  expect(read(ring, 9)).toEqual([3, 4, 5, 6]);
});

it("a full ring refuses the newest and says how many it took", () => {
  const ring = new Ring(3);
  expect(ring.write(samples(1, 2, 3, 4))).toBe(3);
  expect(ring.write(samples(5))).toBe(0);
  expect(read(ring, 3)).toEqual([1, 2, 3]);
});

it("cleared, it says what was dropped and can be used again", () => {
  const ring = new Ring(3);
  ring.write(samples(1, 2));
  expect(ring.clear()).toBe(2);
  ring.write(samples(7));
  expect(read(ring, 3)).toEqual([7]);
});
