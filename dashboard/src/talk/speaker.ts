// The speaker: sound of items goes in; told are the first sample of each, silence after a flush, and how loud it is.
// The work is done in /worklets/playback.js.

import type { Measure } from "./measure";
import { OUTPUT_HZ } from "./wire";

export type Told = {
  rendered: (item: string, frame: number) => void;
  flushed: (item: string, playedMs: number, droppedMs: number) => void;
  sounding: (now: boolean) => void;
  level: (peak: number) => void;
};

type Note =
  | { kind: "rendered"; item: string; frame: number }
  | { kind: "flushed"; item: string; played: number; dropped: number; silentFrame: number }
  | { kind: "sounding" | "drained"; frame: number }
  | { kind: "level"; peak: number }
  | { kind: "block"; frame: number; samples: Float32Array };

export class Speaker {
  private readonly asked = new Map<string, { ms: number; frame: number }>();

  private constructor(
    private readonly context: AudioContext,
    private readonly worklet: AudioWorkletNode,
    private readonly told: Told,
    private readonly measure: Measure,
  ) {
    worklet.port.onmessage = ({ data }) => this.take(data);
    if (measure.wanted) worklet.port.postMessage({ kind: "measure" });
    worklet.connect(context.destination);
  }

  static async open(context: AudioContext, told: Told, measure: Measure): Promise<Speaker> {
    await context.audioWorklet.addModule("/worklets/playback.js");
    const options = { numberOfInputs: 0, numberOfOutputs: 1, outputChannelCount: [1] };
    return new Speaker(context, new AudioWorkletNode(context, "jett-playback", options), told, measure);
  }

  play(item: string, pcm: ArrayBuffer): void {
    this.measure.received(item, pcm);
    this.worklet.port.postMessage({ kind: "append", item, pcm, hz: OUTPUT_HZ }, [pcm]);
  }

  finish(item: string): void {
    this.worklet.port.postMessage({ kind: "finish", item });
  }

  flush(item: string): void {
    this.asked.set(item, this.now());
    this.worklet.port.postMessage({ kind: "flush", item });
  }

  resume(item: string): void {
    this.worklet.port.postMessage({ kind: "resume", item });
  }

  close(): void {
    this.worklet.port.onmessage = null;
    this.worklet.disconnect();
  }

  private take(note: Note): void {
    switch (note.kind) {
      case "rendered":
        this.told.rendered(note.item, note.frame);
        return this.told.sounding(true); // it may follow another without a silence
      case "sounding":
        return this.told.sounding(true);
      case "flushed":
        return this.flushed(note);
      case "drained":
        return this.told.sounding(false);
      case "level":
        return this.told.level(note.peak);
      case "block":
        return this.measure.block(note.frame, note.samples);
    }
  }

  private flushed(note: Extract<Note, { kind: "flushed" }>): void {
    const ms = (samples: number) => Math.round((samples / this.context.sampleRate) * 1000);
    const { ms: asked_at_ms, frame: asked_frame } = this.asked.get(note.item) ?? this.now();
    const [silent_at_ms, silent_frame] = [this.pageTime(note.silentFrame), note.silentFrame];
    this.asked.delete(note.item);
    const [item, played_ms, dropped_ms] = [note.item, ms(note.played), ms(note.dropped)];
    const took_ms = silent_at_ms - asked_at_ms;
    this.measure.flushed({
      item,
      asked_at_ms,
      silent_at_ms,
      asked_frame,
      silent_frame,
      took_ms,
      played_ms,
      dropped_ms,
    });
    this.told.flushed(item, played_ms, dropped_ms);
    this.told.sounding(false);
  }

  /** On this page's clock, and on the context's: its next sample. */
  private now(): { ms: number; frame: number } {
    return { ms: performance.now(), frame: Math.round(this.context.currentTime * this.context.sampleRate) };
  }

  /** When a sample of the context is (or was) handed to the output, on this page's clock. */
  pageTime(frame: number): number {
    return performance.now() + (frame / this.context.sampleRate - this.context.currentTime) * 1000;
  }
}
