// What the playback worklet does, without the worklet: sound of items in, blocks of 128 samples out, and notes of what
// happened. Time is the number of samples put out. Nothing here waits.
//
//   append(item, pcm)  the sound of an item follows what is there already; refused while the item is silenced
//   flush()            silence after a fade of FADE_MS; says what was played and what was dropped
//   resume(item)       the item may sound again; what was played of it before still counts
//   finish(item)       no more sound comes: what the resampler holds back is played too
//
// Notes: "rendered" once for each item, at its first sample; "sounding" and "drained" whenever sound begins and ends, which
// within one item happens as often as its sound comes more slowly than it is played; "flushed".

import { Resampler } from "./resampler.js";
import { Ring } from "./ring.js";

const ROOM_S = 120;
const FADE_MS = 5;
const KEPT = 8; // played to their end, for a flush that comes late

/** @typedef {{item: string, played: number, waiting: number, resampler: Resampler | null}} Track */

export class Reel {
  /**
   * @param {number} contextHz
   * @param {(note: object) => void} tell
   */
  constructor(contextHz, tell) {
    this.hz = contextHz;
    this.tell = tell;
    this.ring = new Ring(ROOM_S * contextHz);
    /** @type {Track[]} in the order in which they sound */
    this.tracks = [];
    /** @type {Set<string>} */
    this.silenced = new Set();
    /** @type {Map<string, number>} what was played of an item before it was silenced */
    this.earlier = new Map();
    this.overflow = 0;
    this.playing = false;
  }

  /**
   * @param {string} item
   * @param {Int16Array} pcm
   * @param {number} hz
   */
  append(item, pcm, hz) {
    if (this.silenced.has(item)) return;
    const track = this.track(item);
    track.resampler ??= new Resampler(hz, this.hz);
    this.put(track, track.resampler.push(Float32Array.from(pcm, (value) => value / 32768)));
  }

  /** @param {string} item */
  finish(item) {
    const track = this.tracks.find((one) => one.item === item);
    if (track?.resampler) this.put(track, track.resampler.flush());
    if (track) track.resampler = null;
  }

  /** @param {string} item */
  resume(item) {
    this.silenced.delete(item);
    this.tracks = this.tracks.filter((track) => track.item !== item);
  }

  /**
   * @param {string} item the one that falls silent; all that waits behind it is dropped too
   * @param {number} frame the context's first sample after this call
   */
  flush(item, frame) {
    const fading = this.ring.length === 0 ? new Float32Array(0) : this.fade(frame);
    const track = this.track(item);
    const dropped = this.tracks.reduce((sum, one) => sum + one.waiting, 0);
    const played = (this.earlier.get(item) ?? 0) + track.played;
    this.earlier.set(item, played);
    this.ring.clear();
    this.tracks = [];
    this.silenced.add(item);
    this.playing = false;
    this.tell({ kind: "flushed", item, played, dropped, silentFrame: frame + fading.length });
    return fading;
  }

  /**
   * The next samples.
   *
   * @param {Float32Array} into
   * @param {number} frame the context's count at the first of them
   */
  render(into, frame) {
    const count = this.ring.read(into);
    this.account(count, frame);
    into.fill(0, count);
    const playing = count > 0;
    if (this.playing !== playing) this.tell({ kind: playing ? "sounding" : "drained", frame });
    this.playing = playing;
  }

  /**
   * @param {number} count
   * @param {number} frame
   */
  account(count, frame) {
    let left = count;
    while (left > 0) {
      const track = /** @type {Track} */ (this.tracks.find((one) => one.waiting > 0));
      if (track.played === 0) this.tell({ kind: "rendered", item: track.item, frame: frame + count - left });
      const part = Math.min(left, track.waiting);
      track.played += part;
      track.waiting -= part;
      left -= part;
    }
  }

  /**
   * The samples that come next, falling to nothing. They count as played.
   *
   * @param {number} frame
   */
  fade(frame) {
    const block = new Float32Array(Math.min(this.ring.length, Math.round((FADE_MS * this.hz) / 1000)));
    this.ring.read(block);
    this.account(block.length, frame);
    return block.map((value, index) => value * (1 - (index + 1) / block.length));
  }

  /**
   * @param {Track} track
   * @param {Float32Array} samples
   */
  put(track, samples) {
    const taken = this.ring.write(samples);
    track.waiting += taken;
    this.overflow += samples.length - taken;
  }

  /**
   * @param {string} item
   * @returns {Track}
   */
  track(item) {
    const found = this.tracks.find((track) => track.item === item);
    if (found) return found;
    const track = { item, played: 0, waiting: 0, resampler: null };
    this.tracks = [...this.tracks.filter((one, index) => one.waiting > 0 || index >= this.tracks.length - KEPT), track];
    return track;
  }
}
