"use client";

import { LogOut } from "lucide-react";

import { leave } from "@/api/changes";
import { keys, useChange, useSession } from "@/api/queries";
import { troubleOf } from "@/api/trouble";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toasts";
import { day } from "@/ui/words";

/** Who is here, until when, and the way out. */
export function ThisBrowser() {
  const session = useSession().data;
  const change = useChange(leave, keys.session);
  const out = () => change.mutate(undefined, { onError: (error) => toast(troubleOf(error).what, "bad") });
  if (!session) return null;
  return (
    <>
      <span className="text-xs text-faint">
        {session.name}, let in until {day(session.ends_at)}
      </span>
      <Button size="small" disabled={change.isPending} onClick={out}>
        <LogOut aria-hidden /> Sign out
      </Button>
    </>
  );
}
