import type { Turn } from "@/api/shapes";

const SAID: Record<string, string> = {
  key: "woken by a key",
  request: "woken on request",
  announcement: "woken by an announcement",
};

/** What woke Jett for a turn, in words; empty where it was awake already, or never sleeps. */
export function wokenBy({ woken_by: by }: Pick<Turn, "woken_by">): string {
  if (!by) return "";
  return SAID[by] ?? `woken by “${by.replaceAll("_", " ")}”`;
}
