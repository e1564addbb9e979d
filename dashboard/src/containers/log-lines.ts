// The lines of a log: what was read, and what followed. Pure.

const MOST = 2000;

/** Both together, without what the stream repeats of what was read already. */
export function together(read: readonly string[], followed: readonly string[]): string[] {
  const repeated = overlap(read, followed);
  return [...read, ...followed.slice(repeated)].slice(-MOST);
}

/** The longest end of `read` with which `followed` begins. */
export function overlap(read: readonly string[], followed: readonly string[]): number {
  for (let count = Math.min(read.length, followed.length); count > 0; count--) {
    const from = read.length - count;
    if (followed.slice(0, count).every((line, index) => line === read[from + index])) return count;
  }
  return 0;
}

/** A line of the stream: bare text, a JSON string, or an object with `line`. */
export function lineOf(data: string): string {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === "string") return value;
    const line = (value as { line?: unknown } | null)?.line;
    return typeof line === "string" ? line : data;
  } catch {
    return data;
  }
}

/** A line in pieces, every second of which was searched for. */
export function pieces(line: string, wanted: string): string[] {
  if (!wanted) return [line];
  const found: string[] = [];
  const [low, needle] = [line.toLowerCase(), wanted.toLowerCase()];
  let at = 0;
  for (let next = low.indexOf(needle); next >= 0; next = low.indexOf(needle, at)) {
    found.push(line.slice(at, next), line.slice(next, next + needle.length));
    at = next + needle.length;
  }
  return [...found, line.slice(at)];
}
