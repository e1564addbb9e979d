import type { Tone } from "@/ui/badge";

const TONES: Record<string, Tone> = { allow: "good", confirm: "jet", deny: "bad" };

/** The colour of the guard's word. */
export function verdictTone(verdict: string): Tone {
  return TONES[verdict] ?? "quiet";
}
