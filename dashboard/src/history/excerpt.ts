/** An excerpt in pieces, every second of which stood between ‹ and ›: what was searched for. */
export function excerpt(text: string): string[] {
  return text.split(/[‹›]/);
}
