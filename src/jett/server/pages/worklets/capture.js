// The capture worklet: the microphone at the context's rate in, 20 ms of 16 kHz int16 out. Each message is
// {pcm, frame}: the samples, and the context's count at their end. While `muted`, the frames are silence, so that the
// server's audio clock goes on.

/* global AudioWorkletProcessor, registerProcessor, sampleRate, currentFrame */
import { Resampler } from "./resampler.js";

const HZ = 16000;
const FRAME_SAMPLES = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, HZ);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.muted = false;
    this.port.onmessage = ({ data }) => {
      this.muted = data.muted;
    };
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const block = inputs[0]?.[0];
    if (!block) return true;
    for (const value of this.resampler.push(block)) {
      this.frame[this.filled++] = this.muted ? 0 : Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
      if (this.filled === FRAME_SAMPLES) this.send();
    }
    return true;
  }

  send() {
    const pcm = this.frame.slice().buffer;
    this.port.postMessage({ pcm, frame: currentFrame + 128 }, [pcm]);
    this.filled = 0;
  }
}

registerProcessor("jett-capture", Capture);
