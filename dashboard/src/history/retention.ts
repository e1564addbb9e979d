// How long what a tab of the history shows stays. Pure.

import { counted } from "@/ui/words";

type Values = Readonly<Record<string, unknown>>;

/** A line for the page's head; `values` are the settings by their keys. */
export function retention(tab: string, values: Values): string {
  switch (tab) {
    case "audit":
      return "Kept until you delete its files: no record runs out";
    case "memory":
      return values["memory.keep"] === false ? off("memory.keep") : "Kept until you forget it: nothing runs out";
    default:
      return values["history.keep"] === false ? off("history.keep") : conversations(values);
  }
}

function conversations(values: Values): string {
  const days = Number(values["history.days"] ?? 0);
  const sound = values["privacy.keep_recordings"] === true ? "words and sound" : "words, no sound";
  return days === 0 ? `Kept until you delete it: ${sound}` : `Kept for ${counted(days, "day")}: ${sound}`;
}

const off = (key: string) => `Nothing new is kept: ${key} is off`;
