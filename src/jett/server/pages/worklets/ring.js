// A ring of samples with a fixed room. Full: the newest that do not fit are refused, and the caller counts them.

export class Ring {
  /** @param {number} capacity in samples */
  constructor(capacity) {
    this.samples = new Float32Array(capacity);
    this.start = 0;
    this.length = 0;
  }

  /**
   * @param {Float32Array} block
   * @returns {number} how many were taken
   */
  write(block) {
    const taken = Math.min(block.length, this.samples.length - this.length);
    const at = (this.start + this.length) % this.samples.length;
    const first = Math.min(taken, this.samples.length - at);
    this.samples.set(block.subarray(0, first), at);
    this.samples.set(block.subarray(first, taken), 0);
    this.length += taken;
    return taken;
  }

  /**
   * @param {Float32Array} into filled from its beginning
   * @returns {number} how many there were
   */
  read(into) {
    const count = Math.min(into.length, this.length);
    const first = Math.min(count, this.samples.length - this.start);
    into.set(this.samples.subarray(this.start, this.start + first));
    into.set(this.samples.subarray(0, count - first), first);
    this.start = (this.start + count) % this.samples.length;
    this.length -= count;
    return count;
  }

  /** @returns {number} how many were dropped */
  clear() {
    const dropped = this.length;
    this.length = 0;
    return dropped;
  }
}
