// The conversation as the page shows it: what happens goes in, a new state and what must be done come out. Pure: no
// socket, no sound, no clock. `Conversation` is the shell around it.

import type { FinishedTurn, FromServer, JettState } from "./wire";

export type Phase = "away" | "connecting" | "live" | "failed";

/** What the orb shows. */
export type Mood = "away" | "connecting" | "listening" | "hearing" | "thinking" | "speaking";

export type Line = {
  key: string;
  turn: number | null;
  said: string;
  /** Whether `said` may still change. */
  open: boolean;
  /** Clauses that began to sound. */
  clauses: string[];
  finished: FinishedTurn | null;
};

export type Noted = { at: number; name: string; detail: string; count: number };

export type Dialogue = {
  phase: Phase;
  jett: JettState;
  /** Whether the speaker plays something at this moment. */
  sounding: boolean;
  /** The reply of which more comes, and whether some of it sounded. */
  coming: { item: string; begun: boolean } | null;
  lines: Line[];
  notes: Noted[];
  trouble: string;
};

export type Happening =
  | { kind: "opening" }
  | { kind: "closed"; why: string }
  | { kind: "left" }
  | { kind: "typed"; text: string }
  | { kind: "sounding"; now: boolean }
  | { kind: "sent"; name: string; at: number }
  | { kind: "came"; message: FromServer; at: number };

export type Command =
  | { do: "play"; item: string; base64: string }
  | { do: "finish"; item: string }
  | { do: "flush"; item: string }
  | { do: "resume"; item: string };

export type Step = [Dialogue, Command[]];

const MOST_LINES = 200;
const MOST_NOTES = 400;
/** The turn of a line of an earlier connection. What was typed before there is one waits for it. */
const PAST = -1;

export const SILENT: Dialogue = {
  phase: "away",
  jett: "idle",
  sounding: false,
  coming: null,
  lines: [],
  notes: [],
  trouble: "",
};

/** Whether a reply is being said: it sounds, or it began to and pauses until more of it comes. */
export function speaking({ sounding, coming }: Dialogue): boolean {
  return sounding || coming?.begun === true;
}

export function mood(state: Dialogue): Mood {
  const { phase, jett } = state;
  if (phase === "connecting") return "connecting";
  if (phase !== "live") return "away";
  if (jett === "hearing" || jett === "overlap") return "hearing";
  if (speaking(state)) return "speaking";
  return jett === "idle" ? "listening" : "thinking";
}

export function advance(state: Dialogue, happening: Happening): Step {
  switch (happening.kind) {
    case "opening":
      return [{ ...state, phase: "connecting", trouble: "" }, []];
    case "closed":
      return [{ ...closed(state), phase: "failed", trouble: happening.why }, []];
    case "left":
      return [{ ...closed(state), phase: "away", trouble: "" }, []];
    case "typed":
      return [withLine(state, fresh(state, null, happening.text, false)), []];
    case "sounding":
      return [sounded(state, happening.now), []];
    case "sent":
      return [noted(state, `→ ${happening.name}`, "", happening.at), []];
    case "came":
      if (happening.message.type === "jett.level") return [state, []];
      return came(noted(state, happening.message.type, detail(happening.message), happening.at), happening.message);
  }
}

function came(state: Dialogue, message: FromServer): Step {
  switch (message.type) {
    case "session.updated":
      return [{ ...state, phase: "live" }, []];
    case "jett.state":
      return [{ ...state, jett: message.state }, []];
    case "jett.partial":
      return [changed(state, message.turn, (line) => ({ ...line, said: message.text, open: true })), []];
    case "jett.clause":
      return [
        changed(state, message.turn, (line) => ({ ...line, open: false, clauses: [...line.clauses, message.text] })),
        [],
      ];
    case "jett.turn":
      return [changed(state, message.turn, (line) => done(line, message), message.transcript), []];
    case "jett.trouble":
      return [{ ...state, trouble: message.message }, []];
    case "error":
      return [{ ...state, trouble: message.error.message ?? "Jett refused that" }, []];
    case "response.created":
      return [{ ...state, trouble: "" }, []];
    case "response.output_audio.delta":
      return [more(state, message.item_id), commands(message)];
    case "response.output_audio.done":
    case "jett.flush":
      return [noMore(state, message.item_id), commands(message)];
    case "response.done":
      return [failed({ ...state, coming: null }, message), []];
    default:
      return [state, commands(message)];
  }
}

/** What of a flushed reply comes late begins nothing: it does not sound. */
function more(state: Dialogue, item: string): Dialogue {
  return state.coming?.item === item ? state : { ...state, coming: { item, begun: false } };
}

function noMore(state: Dialogue, item: string): Dialogue {
  return state.coming?.item === item ? { ...state, coming: null } : state;
}

function sounded(state: Dialogue, now: boolean): Dialogue {
  const { coming } = state;
  return { ...state, sounding: now, coming: coming && { ...coming, begun: coming.begun || now } };
}

function commands(message: FromServer): Command[] {
  switch (message.type) {
    case "response.output_audio.delta":
      return [{ do: "play", item: message.item_id, base64: message.delta }];
    case "response.output_audio.done":
      return [{ do: "finish", item: message.item_id }];
    case "jett.flush":
      return [{ do: "flush", item: message.item_id }];
    case "jett.resume":
      return [{ do: "resume", item: message.item_id }];
    default:
      return [];
  }
}

function failed(state: Dialogue, message: Extract<FromServer, { type: "response.done" }>): Dialogue {
  if (message.response?.status !== "failed") return state;
  return { ...state, trouble: message.response.status_details?.error?.message ?? "The reply failed" };
}

function done(line: Line, turn: FinishedTurn): Line {
  return { ...line, said: turn.transcript || line.said, open: false, finished: turn };
}

/** What was only half said is not waited for, and the next connection counts its turns anew. */
function closed(state: Dialogue): Dialogue {
  return {
    ...state,
    jett: "idle",
    sounding: false,
    coming: null,
    lines: state.lines.map((line) => ({ ...line, open: false, turn: PAST })),
  };
}

/** The turn's line, changed. A turn that has none takes the typed one of its words, or the oldest that waits, or a new one. */
function changed(state: Dialogue, turn: number, change: (line: Line) => Line, words = ""): Dialogue {
  const waits = (line: Line) => line.turn === null;
  const known = state.lines.findLastIndex((line) => line.turn === turn);
  const same = state.lines.findIndex((line) => waits(line) && line.said === words);
  const at = [known, same, state.lines.findIndex(waits)].find((found) => found >= 0) ?? -1;
  const line = state.lines[at];
  if (!line) return withLine(state, change(fresh(state, turn, "", true)));
  return { ...state, lines: state.lines.with(at, change({ ...line, turn })) };
}

function fresh(state: Dialogue, turn: number | null, said: string, open: boolean): Line {
  const last = state.lines.at(-1)?.key ?? "0";
  return { key: String(Number(last) + 1), turn, said, open, clauses: [], finished: null };
}

function withLine(state: Dialogue, line: Line): Dialogue {
  return { ...state, lines: [...state.lines, line].slice(-MOST_LINES) };
}

/** Of the same event several times in a row, one note with a count. */
function noted(state: Dialogue, name: string, text: string, at: number): Dialogue {
  const last = state.notes.at(-1);
  if (last?.name === name) {
    return { ...state, notes: state.notes.with(-1, { at, name, detail: text, count: last.count + 1 }) };
  }
  return { ...state, notes: [...state.notes, { at, name, detail: text, count: 1 }].slice(-MOST_NOTES) };
}

function detail(message: FromServer): string {
  switch (message.type) {
    case "jett.state":
      return message.state;
    case "jett.partial":
    case "jett.clause":
      return message.text;
    case "jett.turn":
      return message.ttfa_ms === null ? "" : `first sound after ${Math.round(message.ttfa_ms)} ms`;
    case "error":
      return message.error.message ?? "";
    case "jett.trouble":
      return message.message;
    case "response.done":
      return message.response?.status ?? "";
    default:
      return "item_id" in message ? message.item_id : "";
  }
}
