// Sound as it goes over the wire: little-endian int16, base64.

const PIECE = 0x8000;

export function toBase64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

export function fromBase64(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}

const FLOOR_DB = -60;

/** How loud, from 0 (at -60 dBFS or below) to 1 (full scale), from an amplitude. */
export function loudness(amplitude: number): number {
  if (amplitude <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - decibels(amplitude) / FLOOR_DB));
}

export function decibels(amplitude: number): number {
  return 20 * Math.log10(Math.max(amplitude, 1e-5));
}

/** Root mean square of int16 samples, 0 to 1. */
export function rms(pcm: ArrayBuffer): number {
  const samples = new Int16Array(pcm);
  const sum = samples.reduce((total, value) => total + value * value, 0);
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length) / 32768;
}
