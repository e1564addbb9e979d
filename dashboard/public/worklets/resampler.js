// A streaming resampler for audio worklets: a windowed sinc (Blackman), one row of taps a phase. Pure; no state but its
// own tail. The delay is HALF_WIDTH samples of the lower rate: 1 ms at 16 kHz.

const HALF_WIDTH = 16;
const ROLL_OFF = 0.92;

/** Turns mono float samples of one rate into another's, block by block. */
export class Resampler {
  /**
   * @param {number} fromHz
   * @param {number} toHz
   */
  constructor(fromHz, toHz) {
    const common = divisor(fromHz, toHz);
    this.up = toHz / common;
    this.down = fromHz / common;
    this.half = Math.ceil(HALF_WIDTH * Math.max(1, fromHz / toHz));
    this.rows = this.up === this.down ? [] : taps(this.up, this.half, Math.min(1, toHz / fromHz) * ROLL_OFF);
    /** Samples that later output still needs; the first output is centred on the first input. */
    this.tail = new Float32Array(this.half);
    this.phase = 0;
    this.next = this.half;
  }

  /**
   * @param {Float32Array} block
   * @returns {Float32Array} what can be known by now
   */
  push(block) {
    if (this.up === this.down) return block;
    const input = joined(this.tail, block);
    const output = new Float32Array(Math.ceil(((block.length + this.half) * this.up) / this.down) + 1);
    let count = 0;
    while (this.next + this.half < input.length) {
      output[count++] = dot(input, this.next - this.half + 1, /** @type {Float32Array} */ (this.rows[this.phase]));
      this.phase += this.down;
      this.next += Math.floor(this.phase / this.up);
      this.phase %= this.up;
    }
    const keepFrom = Math.max(0, Math.min(input.length, this.next - this.half));
    this.tail = input.slice(keepFrom);
    this.next -= keepFrom;
    return output.subarray(0, count);
  }

  /** The end of the sound: what the delay still holds back. */
  flush() {
    return this.push(new Float32Array(this.half));
  }
}

/**
 * @param {number} phases
 * @param {number} half
 * @param {number} cutoff of the input's half rate
 */
function taps(phases, half, cutoff) {
  return Array.from({ length: phases }, (_, phase) => {
    const row = Float32Array.from({ length: 2 * half }, (_, tap) =>
      weight(tap - half + 1 - phase / phases, half, cutoff),
    );
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => value / sum);
  });
}

/**
 * @param {number} x
 * @param {number} half
 * @param {number} cutoff
 */
function weight(x, half, cutoff) {
  if (Math.abs(x) >= half) return 0;
  const turn = Math.PI * (x / half);
  const window = 0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
  const angle = Math.PI * x * cutoff;
  return window * (angle === 0 ? 1 : Math.sin(angle) / angle);
}

/**
 * @param {Float32Array} input
 * @param {number} from
 * @param {Float32Array} row
 */
function dot(input, from, row) {
  let sum = 0;
  for (let tap = 0; tap < row.length; tap++)
    sum += /** @type {number} */ (input[from + tap]) * /** @type {number} */ (row[tap]);
  return sum;
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
function joined(a, b) {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}
