import type { Status } from "@/api/shapes";

// The conversation through the machine's own microphone, in words. Pure.

const STATES: Record<string, string> = {
  called: "Was that my name?",
  idle: "Waiting to be spoken to",
  hearing: "Somebody speaks",
  pausing: "Thinking",
  replying: "Speaking",
  overlap: "Interrupted",
};

type Room = Pick<Status, "local_loop" | "local_state" | "called">;

/** How it is; empty where there is no such conversation. */
export function roomSays({ local_loop: loop, local_state: state, called }: Room): string {
  if (loop !== "running") return "";
  return state === "asleep" ? asleep(called) : (STATES[state] ?? "");
}

/** What would wake it, as it is said. */
function asleep(called: readonly string[]): string {
  const names = called.map((name) => `“${name}”`).join(" or ");
  return names ? `Asleep: say ${names}, or press Wake` : "Asleep: press Wake";
}
