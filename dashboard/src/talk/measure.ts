// What real-browser tests read: `window.__jett`. With `?measure=1` also what was rendered, at most a minute of it.
// Times are performance.now() milliseconds of this page.

import { toBase64 } from "./pcm";

export type Rendered = { item: string; at_ms: number; session_ms: number };
export type Flushed = {
  item: string;
  asked_at_ms: number;
  silent_at_ms: number;
  took_ms: number;
  played_ms: number;
  dropped_ms: number;
};

export type Recording = { hz: number; pcm16: string; gaps: number };

export type Measured = {
  version: 1;
  /** The first sample of each reply, as handed to the output. */
  rendered: Rendered[];
  flushes: Flushed[];
  /** Bytes of sound that came, by item, and their sum of samples: for a comparison with what was sent. */
  received: Record<string, { bytes: number; sum: number }>;
  sent_frames: number;
  dropped_frames: number;
  output_latency_ms: number;
  state: string;
  recording: () => Recording;
};

declare global {
  interface Window {
    __jett?: Measured;
  }
}

const MOST = 500;
const MOST_BLOCKS = (60 * 48000) / 128;

export class Measure {
  readonly wanted = new URLSearchParams(window.location.search).get("measure") === "1";
  private blocks: { frame: number; samples: Float32Array }[] = [];
  private hz = 0;
  private readonly shown: Measured;

  constructor() {
    this.shown = {
      version: 1,
      rendered: [],
      flushes: [],
      received: {},
      sent_frames: 0,
      dropped_frames: 0,
      output_latency_ms: 0,
      state: "away",
      recording: () => recording(this.blocks, this.hz),
    };
    window.__jett = this.shown;
  }

  state(name: string): void {
    this.shown.state = name;
  }

  frame(sent: boolean): void {
    if (sent) this.shown.sent_frames += 1;
    else this.shown.dropped_frames += 1;
  }

  received(item: string, pcm: ArrayBuffer): void {
    if (!this.wanted) return;
    const before = this.shown.received[item] ?? { bytes: 0, sum: 0 };
    const sum = new Int16Array(pcm).reduce((total, value) => total + value, before.sum);
    this.shown.received[item] = { bytes: before.bytes + pcm.byteLength, sum };
  }

  rendered(what: Rendered, outputLatencyMs: number): void {
    this.shown.output_latency_ms = outputLatencyMs;
    this.shown.rendered = [...this.shown.rendered, what].slice(-MOST);
  }

  flushed(what: Flushed): void {
    this.shown.flushes = [...this.shown.flushes, what].slice(-MOST);
  }

  block(frame: number, samples: Float32Array, hz: number): void {
    this.hz = hz;
    if (this.blocks.length < MOST_BLOCKS) this.blocks.push({ frame, samples });
  }
}

/** The blocks as one sound, with silence where none was rendered, from the first to the last. */
function recording(blocks: { frame: number; samples: Float32Array }[], hz: number): Recording {
  const first = blocks[0]?.frame ?? 0;
  const last = blocks.at(-1);
  const sound = new Int16Array(last ? last.frame - first + last.samples.length : 0);
  let gaps = 0;
  let expected = first;
  for (const { frame, samples } of blocks) {
    if (frame !== expected) gaps += 1;
    expected = frame + samples.length;
    samples.forEach((value, index) => (sound[frame - first + index] = Math.round(value * 32767)));
  }
  return { hz, pcm16: toBase64(sound.buffer), gaps };
}
