"use client";

import { useLink } from "@/api/live";
import { useStatus } from "@/api/queries";
import { Doze } from "@/shell/doze";
import { roomSays } from "@/shell/room";
import { cn } from "@/ui/cn";

/**
 * Whether the Jett in the room sleeps, with an orb of its own: the large one is the conversation through this browser,
 * which never does.
 */
export function RoomState() {
  const link = useLink();
  const status = useStatus().data;
  if (!status?.can_sleep || link === "lost") return null;
  const says = roomSays(status);
  if (!says) return null;
  const asleep = status.local_state === "asleep";
  return (
    <section
      aria-label="In the room"
      className="flex max-w-full items-center gap-3 rounded-full border border-line py-1.5 pr-2 pl-3 text-sm"
    >
      <span aria-hidden className={cn("size-4 shrink-0 rounded-full transition", orb(status.local_state))} />
      <p role="status" className={cn("min-w-0", asleep ? "text-faint" : "text-ink")}>
        <span className="mr-2 text-xs text-faint">In the room</span>
        {says}
      </p>
      <Doze asleep={asleep} className="rounded-full" />
    </section>
  );
}

function orb(state: string): string {
  if (state === "asleep") return "bg-edge opacity-50";
  if (state === "called") return "animate-breathe bg-stage-5";
  return "bg-jet shadow-[0_0_0.75rem] shadow-jet";
}
