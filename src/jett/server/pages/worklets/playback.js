// The playback worklet: a Reel on the audio thread. Messages in: append, finish, flush, resume, measure. Messages out: the Reel's
// notes, `level` 30 times a second while something sounds, and each rendered block while measuring.

/* global AudioWorkletProcessor, registerProcessor, sampleRate, currentFrame */
import { Reel } from "./reel.js";

const LEVEL_EVERY = Math.round(sampleRate / 128 / 30);

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.reel = new Reel(sampleRate, (note) => this.port.postMessage(note));
    this.fading = new Float32Array(0);
    this.measuring = false;
    this.blocks = 0;
    this.peak = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  /** @param {any} message */
  take(message) {
    if (message.kind === "append") this.reel.append(message.item, new Int16Array(message.pcm), message.hz);
    else if (message.kind === "finish") this.reel.finish(message.item);
    else if (message.kind === "resume") this.reel.resume(message.item);
    else if (message.kind === "measure") this.measuring = true;
    else if (message.kind === "flush") this.fading = this.reel.flush(message.item, currentFrame);
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const [first, ...others] = outputs[0] ?? [];
    if (!first) return true;
    const faded = Math.min(this.fading.length, first.length);
    first.set(this.fading.subarray(0, faded));
    this.fading = this.fading.subarray(faded);
    if (faded < first.length) this.reel.render(first.subarray(faded), currentFrame + faded);
    for (const other of others) other.set(first);
    this.report(first);
    return true;
  }

  /** @param {Float32Array} block */
  report(block) {
    for (const value of block) this.peak = Math.max(this.peak, Math.abs(value));
    if (this.measuring && block.some((value) => value !== 0))
      this.port.postMessage({ kind: "block", frame: currentFrame, samples: block.slice() });
    this.blocks += 1;
    if (this.blocks < LEVEL_EVERY) return;
    if (this.peak > 0) this.port.postMessage({ kind: "level", peak: this.peak });
    this.blocks = 0;
    this.peak = 0;
  }
}

registerProcessor("jett-playback", Playback);
