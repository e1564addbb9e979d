// Changed settings that were not saved yet, and values as a person types them. Pure.

import type { Setting } from "@/api/shapes";

/** By key; null goes back to the default. */
export type Draft = Readonly<Record<string, unknown>>;

/** With a new value; one that is the setting's own is no change. */
export function drafted(draft: Draft, setting: Setting, value: unknown): Draft {
  const others = Object.entries(draft).filter(([key]) => key !== setting.key);
  return Object.fromEntries(same(value, setting.value) ? others : [...others, [setting.key, value]]);
}

/** What a control shows. */
export function shown(draft: Draft, setting: Setting): unknown {
  if (!(setting.key in draft)) return setting.value;
  return draft[setting.key] ?? setting.default;
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A list as lines. */
export const toLines = (value: unknown): string => (Array.isArray(value) ? value.join("\n") : "");
export const fromLines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** A table as lines of `key = value`. */
export function toTable(value: unknown): string {
  return Object.entries((value ?? {}) as Record<string, unknown>)
    .map(([key, one]) => `${key} = ${String(one)}`)
    .join("\n");
}

export function fromTable(text: string): Record<string, string> {
  const rows = fromLines(text).map((line) => line.split(/\s*=\s*/));
  return Object.fromEntries(rows.map(([key = "", ...rest]) => [key, rest.join("=")]));
}

/** A number, or the text itself while it is none: the server says what is wrong with it. */
export function toNumber(text: string): number | string {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

export function matches(setting: Setting, wanted: string): boolean {
  const text = `${setting.key} ${setting.description}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** In the settings' own order. */
export function bySection(settings: readonly Setting[]): [section: string, settings: Setting[]][] {
  const sections = new Map<string, Setting[]>();
  for (const setting of settings) sections.set(setting.section, [...(sections.get(setting.section) ?? []), setting]);
  return [...sections];
}
