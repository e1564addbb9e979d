// Pages of lists: each carries `next`, which is given back as `before`; null at the end.

export type Paged = { next: string | null };

/** What the page after this one is asked with; undefined at the end. */
export function following(page: Paged): string | undefined {
  return page.next ?? undefined;
}

/** All rows so far, each once: a new row shifts the pages, and one may come twice. */
export function flattened<P, R>(
  pages: readonly P[] | undefined,
  rows: (page: P) => readonly R[],
  key: (row: R) => unknown,
): R[] {
  const found = new Map<unknown, R>();
  for (const row of (pages ?? []).flatMap(rows)) if (!found.has(key(row))) found.set(key(row), row);
  return [...found.values()];
}
