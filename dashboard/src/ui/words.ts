// Numbers and times as people read them. Unknown is a dash.

const NONE = "–";

/** The first letter large, as a line begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 84 ms, 1.24 s, 3 min. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (Math.abs(ms) < 1000) return `${Math.round(ms)} ms`;
  if (Math.abs(ms) < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return span(ms);
}

/** 40 s, 3 min, 5 h, 12 d: the largest unit alone. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** 640 MiB, 5.2 GiB. */
export function mebibytes(mib: number | null | undefined): string {
  if (mib === null || mib === undefined) return NONE;
  return mib < 1024 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

export function bytes(count: number | null | undefined): string {
  return mebibytes(count === null || count === undefined ? count : count / 1024 ** 2);
}

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

export function timeOfDay(at: string): string {
  return TIME.format(new Date(at));
}

export function day(at: string): string {
  return DAY.format(new Date(at));
}

export function moment(at: string): string {
  return `${day(at)}, ${timeOfDay(at)}`;
}

/** 12 s ago, 3 h ago; from a day on, the day. */
export function ago(at: string, now: number): string {
  const passed = now - Date.parse(at);
  if (passed < 5000) return "just now";
  return passed < 86_400_000 ? `${span(passed)} ago` : day(at);
}

/** 1 turn, 2 turns. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
