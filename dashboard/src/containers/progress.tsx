import { CircleAlert, CircleCheck, LoaderCircle } from "lucide-react";

import type { Operation } from "@/api/live-events";

const DOING: Record<string, string> = { start: "Starting", stop: "Stopping", restart: "Restarting" };

/** What is being done to a container, or how it ended. */
export function Progress({ operation }: { operation: Operation }) {
  const busy = operation.phase === "began";
  const good = operation.result === "done";
  const Icon = busy ? LoaderCircle : good ? CircleCheck : CircleAlert;
  return (
    <p role="status" className="flex w-full items-center gap-2 border-t pt-3 text-sm text-soft">
      <Icon
        aria-hidden
        className={`size-4 shrink-0 ${busy ? "animate-spin text-jet" : good ? "text-good" : "text-bad"}`}
      />
      {busy ? `${DOING[operation.verb] ?? operation.verb} ${operation.target}…` : operation.text}
    </p>
  );
}
