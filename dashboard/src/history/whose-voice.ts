import type { Turn } from "@/api/shapes";

/** Whose voice a turn was, in words; empty where nobody looked, or too little was said to judge. */
export function whoseVoice({ speaker, speaker_score }: Pick<Turn, "speaker" | "speaker_score">): string {
  if (speaker === null) return "";
  const score = speaker_score === null ? "" : ` ${speaker_score.toFixed(2)}`;
  return speaker === "" ? `unknown voice${score}` : `${speaker}’s voice${score}`;
}
