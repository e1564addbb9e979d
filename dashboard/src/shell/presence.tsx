"use client";

import { usePathname } from "next/navigation";

import { useLink } from "@/api/live";
import { useStatus } from "@/api/queries";
import { Dot, type Tone } from "@/ui/badge";
import { cn } from "@/ui/cn";
import { counted } from "@/ui/words";

import { Doze } from "./doze";
import { roomSays } from "./room";

/** The conversation in the room, seen from the browser: one quiet line at the foot of the pages; Talk has it in full. */
export function Presence({ className }: { className?: string }) {
  const link = useLink();
  const talk = usePathname() === "/";
  const status = useStatus().data;
  if (!status) return null;
  const asleep = status.local_state === "asleep";
  const [tone, title]: [Tone, string] = link === "lost" ? ["bad", "Out of reach"] : room(status.local_loop, asleep);
  const says = link === "lost" || (talk && status.can_sleep) ? "" : roomSays(status);
  return (
    <div className={cn("flex flex-col gap-1 px-3 text-xs text-faint", className)}>
      <p className="flex items-center gap-2 font-medium text-soft">
        <Dot tone={tone} /> {title}
      </p>
      {says && <p>{says}</p>}
      {says && status.can_sleep && <Doze asleep={asleep} className="my-1 self-start" />}
      <p>{counted(status.sessions, "talk over the network", "talks over the network")}</p>
      <p className="mt-2 font-mono text-2xs">v{status.version}</p>
    </div>
  );
}

function room(loop: "off" | "running" | "failed", asleep: boolean): [Tone, string] {
  if (loop === "running") return asleep ? ["quiet", "Asleep in the room"] : ["good", "Listening in the room"];
  return loop === "failed" ? ["bad", "No ear in the room"] : ["quiet", "Room microphone off"];
}
