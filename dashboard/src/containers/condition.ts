import type { Container } from "@/api/shapes";
import type { Tone } from "@/ui/badge";

export type Condition = { tone: Tone; words: string };

/** State and health in a colour and words, for where there is room for one of each. */
export function condition({ state, health, exit_code }: Pick<Container, "state" | "health" | "exit_code">): Condition {
  if (state === "running") return running(health);
  if (state === "absent") return { tone: "quiet", words: "not there" };
  if (state === "created" || state === "paused") return { tone: "quiet", words: state };
  if (state === "exited" && exit_code === 0) return { tone: "quiet", words: "stopped" };
  const code = exit_code === null ? "" : ` (${exit_code})`;
  return { tone: state === "restarting" ? "warn" : "bad", words: state + code };
}

function running(health: Container["health"]): Condition {
  if (health === "unhealthy") return { tone: "bad", words: "running, unhealthy" };
  if (health === "starting") return { tone: "jet", words: "running, starting" };
  return { tone: "good", words: health === "healthy" ? "running, healthy" : "running" };
}

const HEALTH: Record<Container["health"], Condition> = {
  healthy: { tone: "good", words: "healthy" },
  unhealthy: { tone: "bad", words: "unhealthy" },
  starting: { tone: "jet", words: "starting" },
  none: { tone: "quiet", words: "no health check" },
};

export function healthOf({ health }: Container): Condition {
  return HEALTH[health];
}

export function stateOf(container: Container): Condition {
  return condition({ ...container, health: "none" });
}
