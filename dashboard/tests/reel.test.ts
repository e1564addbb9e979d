import { expect, it } from "vitest";

import { Reel } from "../public/worklets/reel.js";

const HZ = 24000;

function played() {
  const notes: Record<string, unknown>[] = [];
  const reel = new Reel(HZ, (note) => notes.push(note as Record<string, unknown>));
  let frame = 0;
  const render = (count = 128) => {
    const into = new Float32Array(count);
    reel.render(into, frame);
    frame += count;
    return into;
  };
  return { reel, notes, render, frame: () => frame };
}

const steady = (count: number, value = 16384) => new Int16Array(count).fill(value);

it("what is rendered is what was sent, sample for sample, then silence", () => {
  const { reel, render } = played();
  reel.append("a", Int16Array.from([1000, -2000, 3000]), HZ);
  expect([...render(5)].map((value) => value * 32768)).toEqual([1000, -2000, 3000, 0, 0]);
});

it("the first sample of each item is told with its frame, once", () => {
  const { reel, notes, render } = played();
  render();
  reel.append("a", steady(200), HZ);
  reel.append("b", steady(100), HZ);
  render();
  render();
  render();
  const first = notes.filter(({ kind }) => kind === "rendered");
  expect(first).toEqual([
    { kind: "rendered", item: "a", frame: 128 },
    { kind: "rendered", item: "b", frame: 328 },
  ]);
});

it("a flush fades for 5 ms, then is silent; played and dropped are the whole", () => {
  const { reel, notes, render, frame } = played();
  reel.append("a", steady(1000), HZ);
  render();
  const fading = reel.flush("a", frame());
  expect(fading).toHaveLength(120);
  expect(fading[0]).toBeLessThan(0.5);
  expect(fading.at(-1)).toBe(0);
  expect(fading.every((value, index) => index === 0 || value < (fading[index - 1] ?? 0))).toBe(true);
  expect(notes.at(-1)).toEqual({ kind: "flushed", item: "a", played: 248, dropped: 752, silentFrame: 248 });
  expect(render().every((value) => value === 0)).toBe(true);
});

it("sound of a silenced item that comes late is not played, until it resumes", () => {
  const { reel, notes, render } = played();
  reel.append("a", steady(500), HZ);
  render();
  reel.flush("a", 128);
  reel.append("a", steady(500), HZ);
  expect(render().every((value) => value === 0)).toBe(true);
  reel.resume("a");
  reel.append("a", steady(500), HZ);
  expect(render()[0]).toBe(0.5);
  expect(notes.filter(({ kind }) => kind === "rendered")).toHaveLength(2);
});

it("what was played before a false interruption counts with what was played after it", () => {
  const { reel, notes, render } = played();
  reel.append("a", steady(500), HZ);
  render();
  reel.flush("a", 128);
  reel.resume("a");
  reel.append("a", steady(300), HZ);
  render();
  reel.flush("a", 256);
  expect(notes.at(-1)).toMatchObject({ played: 248 + 248, dropped: 52 });
});

it("a flush drops the items behind, too, and the next item plays", () => {
  const { reel, notes, render } = played();
  reel.append("a", steady(500), HZ);
  reel.append("b", steady(300), HZ);
  render();
  reel.flush("a", 128);
  expect(notes.at(-1)).toMatchObject({ played: 248, dropped: 552 });
  reel.append("c", steady(10), HZ);
  expect(render()[0]).toBe(0.5);
});

it("a flush after the end says that all was played", () => {
  const { reel, notes, render } = played();
  reel.append("a", steady(100), HZ);
  render();
  expect(reel.flush("a", 128)).toHaveLength(0);
  expect(notes.at(-1)).toEqual({ kind: "flushed", item: "a", played: 100, dropped: 0, silentFrame: 128 });
});

it("when nothing is left it is told once", () => {
  const { reel, notes, render } = played();
  reel.append("a", steady(100), HZ);
  render();
  render();
  render();
  expect(notes.filter(({ kind }) => kind === "drained")).toHaveLength(1);
});

it("that it sounds is told each time it begins to, also within one item", () => {
  const { reel, notes, render } = played();
  reel.append("a", steady(100), HZ);
  render();
  render();
  reel.append("a", steady(100), HZ);
  render();
  render();
  expect(notes).toEqual([
    { kind: "rendered", item: "a", frame: 0 },
    { kind: "sounding", frame: 0 },
    { kind: "drained", frame: 128 },
    { kind: "sounding", frame: 256 },
    { kind: "drained", frame: 384 },
  ]);
});

it("finished, what the resampler held back is played", () => {
  const { reel, render } = played();
  reel.append("a", steady(1600), 16000);
  reel.finish("a");
  let heard = 0;
  for (let block = 0; block < 30; block++) heard += render().filter((value) => value !== 0).length;
  expect(Math.abs(heard - 2400)).toBeLessThanOrEqual(26);
});
