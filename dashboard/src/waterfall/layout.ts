// Where a turn's time went: pieces of work on one clock, whose 0 is the true end of speech, and the time before the first
// sound for which no piece accounts. Pure.

export type Piece = { name: string; start_ms: number; end_ms: number };
export type Gap = { start_ms: number; end_ms: number };
export type Layout = {
  from_ms: number;
  to_ms: number;
  rows: Piece[];
  gaps: Gap[];
  ticks: number[];
  first_sound_ms: number | null;
};

type Marks = Readonly<Record<string, number>>;

/** Between which marks each part works; the same parts as in `jett talk`. */
const PARTS: readonly [name: string, start: string, end: string][] = [
  ["pause", "speech_end", "pause_seen"],
  ["text", "pause_seen", "stt_final"],
  ["first word", "stt_final", "llm_first_token"],
  ["voice", "llm_first_token", "tts_first_audio"],
  ["sure it ended", "pause_seen", "commit"],
];

const LEAST_GAP_MS = 1;
const MOST_TICKS = 6;

/** The parts of a turn by its marks alone, for one whose spans are not known. */
export function pieces(stages: Marks): Piece[] {
  const marks: Marks = { speech_end: 0, ...stages };
  const found = PARTS.flatMap(([name, start, end]) => piece(name, marks[start], marks[end]));
  const ready = Math.max(0, ...[marks.tts_first_audio, marks.commit].filter((at) => at !== undefined));
  return [...found, ...piece("sound", ready, marks.first_audio)];
}

export function layout(spans: readonly Piece[], stages: Marks): Layout {
  const rows = (spans.length > 0 ? [...spans] : pieces(stages)).sort((a, b) => a.start_ms - b.start_ms);
  const first = stages.first_audio ?? null;
  const from = Math.min(0, ...rows.map((row) => row.start_ms));
  const to = Math.max(first ?? 0, from + 1, ...rows.map((row) => row.end_ms));
  const gaps = first === null ? [] : unaccounted(rows, first);
  return { from_ms: from, to_ms: to, rows, gaps, ticks: ticks(from, to), first_sound_ms: first };
}

/** The stretches between 0 and `end` in which nothing worked. */
export function unaccounted(rows: readonly Piece[], end: number): Gap[] {
  const gaps: Gap[] = [];
  let reached = 0;
  for (const row of [...rows].sort((a, b) => a.start_ms - b.start_ms)) {
    if (row.start_ms >= end) break;
    if (row.start_ms - reached >= LEAST_GAP_MS) gaps.push({ start_ms: reached, end_ms: row.start_ms });
    reached = Math.max(reached, row.end_ms);
  }
  if (end - reached >= LEAST_GAP_MS) gaps.push({ start_ms: reached, end_ms: end });
  return gaps;
}

/** Round values from the first at or after `from`: 1, 2 or 5 times a power of ten apart. */
export function ticks(from: number, to: number): number[] {
  const step = roundStep((to - from) / MOST_TICKS);
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10) * power;
}

function piece(name: string, start: number | undefined, end: number | undefined): Piece[] {
  if (start === undefined || end === undefined) return [];
  const from = Math.max(0, start);
  return [{ name, start_ms: from, end_ms: Math.max(from, end) }];
}

/** The marks up to the first sound as parts of the wait, one after another: their sum is the time to first audio. */
export function stack(stages: Marks): { name: string; ms: number }[] {
  const end = stages.first_audio;
  if (end === undefined) return [];
  const marks = ORDER.flatMap((name) =>
    stages[name] === undefined ? [] : [{ name, at: Math.min(stages[name], end) }],
  );
  let reached = 0;
  return marks
    .sort((a, b) => a.at - b.at || ORDER.indexOf(a.name) - ORDER.indexOf(b.name))
    .map(({ name, at }) => {
      const ms = Math.max(0, at - reached);
      reached = Math.max(reached, at);
      return { name, ms };
    });
}

export const ORDER = ["pause_seen", "stt_final", "llm_first_token", "tts_first_audio", "commit", "first_audio"];

/** What each mark is called on the page. */
export const STAGE_NAMES: Readonly<Record<string, string>> = {
  ttfa: "First sound",
  pause_seen: "Pause seen",
  stt_final: "Text",
  llm_first_token: "First word",
  tts_first_audio: "Voice",
  commit: "Sure it ended",
  first_audio: "Sound out",
};
