"use client";

import { Moon, Sun } from "lucide-react";
import { useCallback, useState } from "react";

import { sendToSleep, wakeUp } from "@/api/changes";
import { useLink, useLiveEvents } from "@/api/live";
import type { LiveEvent } from "@/api/live-events";
import { keys, useChange, useStatus } from "@/api/queries";
import { troubleOf } from "@/api/trouble";
import { Dot, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { toast } from "@/ui/toasts";
import { counted } from "@/ui/words";

const STATES: Record<string, string> = {
  asleep: "Asleep",
  idle: "Waiting to be spoken to",
  hearing: "Somebody speaks",
  pausing: "Thinking",
  replying: "Speaking",
  overlap: "Interrupted",
};

/** The conversation in the room, seen from the browser: one quiet line at the foot of the pages. */
export function Presence({ className }: { className?: string }) {
  const link = useLink();
  const status = useStatus().data;
  const [local, setLocal] = useState("");
  useLiveEvents(
    useCallback((event: LiveEvent) => {
      if (event.event === "state" && event.data.session === "local") setLocal(event.data.state);
    }, []),
  );
  if (!status) return null;
  const now = local || status.local_state;
  const [tone, title]: [Tone, string] = link === "lost" ? ["bad", "Out of reach"] : room(status.local_loop, now);
  const state = status.local_loop === "running" && link !== "lost" ? (STATES[now] ?? "") : "";
  return (
    <div className={cn("flex flex-col gap-1 px-3 text-xs text-faint", className)}>
      <p className="flex items-center gap-2 font-medium text-soft">
        <Dot tone={tone} /> {title}
      </p>
      {state && <p>{now === "asleep" ? asleep(status.called) : state}</p>}
      {state && status.can_sleep && <Doze asleep={now === "asleep"} />}
      <p>{counted(status.sessions, "talk over the network", "talks over the network")}</p>
      <p className="mt-2 font-mono text-2xs">v{status.version}</p>
    </div>
  );
}

/** What would wake it, as it is said. */
function asleep(called: readonly string[]): string {
  const names = called.map((name) => `“${name}”`).join(" or ");
  return names ? `Asleep. Say ${names}.` : "Asleep until it is called";
}

/** Sends the conversation in the room to sleep, or wakes it. */
function Doze({ asleep }: { asleep: boolean }) {
  const change = useChange(asleep ? wakeUp : sendToSleep, keys.status);
  const Icon = asleep ? Sun : Moon;
  const press = () => change.mutate(undefined, { onError: (error) => toast(troubleOf(error).what, "bad") });
  return (
    <Button size="small" className="my-1 self-start" disabled={change.isPending} onClick={press}>
      <Icon aria-hidden /> {asleep ? "Wake" : "Sleep"}
    </Button>
  );
}

function room(loop: "off" | "running" | "failed", state: string): [Tone, string] {
  if (loop === "running") return state === "asleep" ? ["quiet", "In the room"] : ["good", "Listening in the room"];
  return loop === "failed" ? ["bad", "No ear in the room"] : ["quiet", "Room microphone off"];
}
