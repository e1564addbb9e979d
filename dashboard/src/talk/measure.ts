// What real-browser tests and `jett bench browser` read: `window.__jett`. With `?measure=1` also what was rendered and
// what the microphone brought, the newest minute of each. Times are performance.now() milliseconds of this page; frames
// are the audio context's own count of samples, by which what was heard and what was played can be compared exactly.

import { toBase64 } from "./pcm";
import { INPUT_HZ, type FinishedTurn } from "./wire";

export type Rendered = { item: string; at_ms: number; session_ms: number; frame: number };
export type Flushed = {
  item: string;
  asked_at_ms: number;
  silent_at_ms: number;
  /** The context's next sample when the server's word came, and its first one of silence. */
  asked_frame: number;
  silent_frame: number;
  took_ms: number;
  played_ms: number;
  dropped_ms: number;
};

/** `frame` is that of the first sample. */
export type Recording = { hz: number; pcm16: string; gaps: number; frame: number };

/** What the microphone brought, in pieces of `piece_samples`; `frames` has the context's count at the end of each. */
export type Captured = { hz: number; context_hz: number; piece_samples: number; pcm16: string; frames: number[] };

export type Measured = {
  version: 1;
  /** The first sample of each reply, as handed to the output. */
  rendered: Rendered[];
  flushes: Flushed[];
  /** As the server told of them; only with `?measure=1`. */
  turns: FinishedTurn[];
  /** Bytes of sound that came, by item, and their sum of samples: for a comparison with what was sent. */
  received: Record<string, { bytes: number; sum: number }>;
  sent_frames: number;
  dropped_frames: number;
  output_latency_ms: number;
  state: string;
  recording: (fromFrame?: number) => Recording;
  captured: () => Captured;
};

declare global {
  interface Window {
    __jett?: Measured;
  }
}

const MOST = 500;
const MOST_BLOCKS = (60 * 48000) / 128;
const MOST_PIECES = 60 * 50;

type Block = { frame: number; samples: Float32Array };
type Piece = { frame: number; pcm: ArrayBuffer };

export class Measure {
  readonly wanted = new URLSearchParams(window.location.search).get("measure") === "1";
  private blocks: Block[] = [];
  private pieces: Piece[] = [];
  private hz = 0;
  private readonly shown: Measured;

  constructor() {
    this.shown = {
      version: 1,
      rendered: [],
      flushes: [],
      turns: [],
      received: {},
      sent_frames: 0,
      dropped_frames: 0,
      output_latency_ms: 0,
      state: "away",
      recording: (fromFrame = 0) => recording(newest(this.blocks, MOST_BLOCKS), this.hz, fromFrame),
      captured: () => captured(newest(this.pieces, MOST_PIECES), this.hz),
    };
    window.__jett = this.shown;
  }

  /** A context counts its samples from nothing: what another one counted is of no use beside it. */
  opened(hz: number): void {
    this.hz = hz;
    this.blocks = [];
    this.pieces = [];
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

  turned(what: FinishedTurn): void {
    if (this.wanted) this.shown.turns = [...this.shown.turns, what].slice(-MOST);
  }

  block(frame: number, samples: Float32Array): void {
    kept(this.blocks, { frame, samples }, MOST_BLOCKS);
  }

  captured(frame: number, pcm: ArrayBuffer): void {
    if (this.wanted) kept(this.pieces, { frame, pcm }, MOST_PIECES);
  }
}

/** Twice as many are kept, so that the oldest are let go in one go, and seldom. */
function kept<T>(all: T[], one: T, most: number): void {
  all.push(one);
  if (all.length >= 2 * most) all.splice(0, most);
}

function newest<T>(all: T[], most: number): T[] {
  return all.slice(-most);
}

function captured(pieces: Piece[], context_hz: number): Captured {
  const piece_samples = (pieces[0]?.pcm.byteLength ?? 0) / 2;
  const sound = new Int16Array(pieces.length * piece_samples);
  pieces.forEach(({ pcm }, index) => sound.set(new Int16Array(pcm), index * piece_samples));
  const frames = pieces.map(({ frame }) => frame);
  return { hz: INPUT_HZ, context_hz, piece_samples, pcm16: toBase64(sound.buffer), frames };
}

/** The blocks from a frame on as one sound, with silence where none was rendered, to the last. */
function recording(all: Block[], hz: number, fromFrame: number): Recording {
  const blocks = all.filter(({ frame }) => frame >= fromFrame);
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
  return { hz, pcm16: toBase64(sound.buffer), gaps, frame: first };
}
