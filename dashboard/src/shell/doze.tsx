"use client";

import { Moon, Sun } from "lucide-react";

import { sendToSleep, wakeUp } from "@/api/changes";
import { keys, useChange } from "@/api/queries";
import { troubleOf } from "@/api/trouble";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toasts";

/** Sends the conversation in the room to sleep, or wakes it. */
export function Doze({ asleep, className }: { asleep: boolean; className?: string }) {
  const change = useChange(asleep ? wakeUp : sendToSleep, keys.status);
  const Icon = asleep ? Sun : Moon;
  const press = () => change.mutate(undefined, { onError: (error) => toast(troubleOf(error).what, "bad") });
  return (
    <Button size="small" className={className} disabled={change.isPending} onClick={press}>
      <Icon aria-hidden /> {asleep ? "Wake" : "Sleep"}
    </Button>
  );
}
