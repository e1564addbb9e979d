// What the wake word's meter shows: the last seconds of scores, and where it would have woken. Pure.

export type MeterName = { name: string; threshold: number };

export type FromMeter =
  | { type: "ready"; frame_ms: number; names: MeterName[] }
  | { type: "scores"; at_ms: number; scores: number[]; woken: string }
  | { type: "ended"; what: string; fix: string };

export type Frame = { at: number; scores: readonly number[]; woken: string };

/** Of all that was heard: the names with their thresholds of now, the newest frames, and how often it would have woken. */
export type Scores = { names: readonly MeterName[]; frames: readonly Frame[]; calls: number };

export const NO_SCORES: Scores = { names: [], frames: [], calls: 0 };
export const SHOWN_FRAMES = 100; // 8 s

/** With the next event. */
export function after(scores: Scores, event: FromMeter): Scores {
  if (event.type === "ready") return { ...scores, names: event.names };
  if (event.type === "ended") return scores;
  const frame = { at: event.at_ms, scores: event.scores, woken: event.woken };
  return {
    ...scores,
    frames: [...scores.frames, frame].slice(-SHOWN_FRAMES),
    calls: scores.calls + (event.woken ? 1 : 0),
  };
}

/** A line of an SVG that is `SHOWN_FRAMES` wide and 100 high, the newest frame at its right. */
export function line(frames: readonly Frame[], name: number): string {
  const from = SHOWN_FRAMES - frames.length;
  return frames.map((frame, at) => `${from + at},${height(frame.scores[name] ?? 0)}`).join(" ");
}

/** Where a score is drawn, from the top. */
export function height(score: number): number {
  return Math.round((1 - Math.min(1, Math.max(0, score))) * 1000) / 10;
}

/** Where it would have woken by that name, from the left. */
export function marks(frames: readonly Frame[], name: string): number[] {
  const from = SHOWN_FRAMES - frames.length;
  return frames.flatMap((frame, at) => (frame.woken === name ? [from + at] : []));
}
