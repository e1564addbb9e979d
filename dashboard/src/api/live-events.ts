import type { QueryKey } from "@tanstack/react-query";

import type { ChangeAsked, Status } from "./shapes";

// The events of /api/live, and what each makes out of date. Pure.

export type LiveEvent =
  | { event: "state"; data: { session: string | number; state: string } }
  | { event: "level"; data: { session: string | number; dbfs: number; speech: number } }
  | { event: "partial" | "clause"; data: { session: string | number; turn: number; text: string } }
  | { event: "turn"; data: { session: string | number; id: number | null; transcript: string; reply: string } }
  | { event: "trouble"; data: { message: string } }
  | { event: "sessions"; data: { sessions: number } }
  | { event: "question"; data: ChangeAsked }
  | { event: "question_ended"; data: { nonce: string; answer: "yes" | "no" | "expired" } }
  | { event: "operation"; data: Operation }
  | { event: "settings"; data: { keys: string[] } }
  | { event: "containers" | "reset"; data: Record<string, never> }
  | { event: "signed_out"; data: { error: { message: string; code: string } } };

export type Operation = {
  operation: string;
  verb: string;
  target: string;
  phase: "began" | "ended";
  result: string | null;
  text: string;
};

export const NAMES: readonly LiveEvent["event"][] = [
  "state",
  "level",
  "partial",
  "clause",
  "turn",
  "trouble",
  "sessions",
  "containers",
  "question",
  "question_ended",
  "operation",
  "settings",
  "reset",
  "signed_out",
];

const EVERYTHING: QueryKey[] = [[]];

/** The queries to read again; the empty key is a prefix of each. */
export function outdated(event: LiveEvent["event"]): QueryKey[] {
  switch (event) {
    case "turn":
      return [["latency"], ["turns"], ["conversations"]];
    case "trouble":
    case "sessions":
      return [["status"]];
    case "containers":
      return [["containers"]];
    case "question":
    case "question_ended":
      return [["questions"]];
    case "operation":
      return [["containers"], ["audit"]];
    case "settings":
      return [["settings"], ["status"], ["voices"], ["wake"]];
    case "reset":
      return EVERYTHING;
    case "signed_out":
      return [["session"]];
    default:
      return [];
  }
}

/** The status after the event: the state of the conversation in the room is in it. */
export function abreast(status: Status | undefined, event: LiveEvent): Status | undefined {
  if (event.event !== "state" || event.data.session !== "local") return status;
  return status && { ...status, local_state: event.data.state };
}

/** An event of the wire; null when it is not one of ours. */
export function parsed(event: string, text: string): LiveEvent | null {
  if (!NAMES.includes(event as LiveEvent["event"])) return null;
  try {
    return { event, data: text ? JSON.parse(text) : {} } as LiveEvent;
  } catch {
    return null;
  }
}

/** How long to wait before the next attempt, in milliseconds: 0.5 s doubling to 8 s. */
export function patience(attempt: number): number {
  return Math.min(8000, 500 * 2 ** attempt);
}
