"use client";

import { ChevronDown, Trash2 } from "lucide-react";
import { useId, useState } from "react";

import { deleteTurn } from "@/api/changes";
import { keys, useChange } from "@/api/queries";
import type { Turn } from "@/api/shapes";
import { split } from "@/talk/heard";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { cn } from "@/ui/cn";
import { Confirm } from "@/ui/confirm";
import { usePlace } from "@/ui/use-place";
import { duration, timeOfDay } from "@/ui/words";

import { tellDeleted } from "./deleted";
import { TurnDetails } from "./turn-details";
import { whoseVoice } from "./whose-voice";
import { wokenBy } from "./woken-by";

/** A turn: what was said and answered; opened, all that is known of it. */
export function TurnCard({ turn, open: opened }: { turn: Turn; open: boolean }) {
  const [open, setOpen] = useState(opened);
  const id = useId();
  return (
    <Card aria-label={`Turn ${turn.number}`}>
      <div className="flex flex-col gap-2.5 p-4 sm:px-5">
        <Facts turn={turn} />
        <p className="text-soft">
          <span className="sr-only">You: </span>
          {turn.transcript || <i>no words</i>}
        </p>
        <Reply turn={turn} />
        {turn.error && <p className="text-bad">{turn.error}</p>}
        {turn.has_audio && (
          <audio
            controls
            preload="none"
            src={`/api/turns/${turn.id}/audio`}
            aria-label="The reply"
            className="h-9 w-full max-w-md"
          />
        )}
      </div>
      <div className="flex items-center justify-between border-t px-2 py-1">
        <Button
          look="ghost"
          size="small"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          onClick={() => setOpen(!open)}
        >
          <ChevronDown aria-hidden className={cn("transition-transform", open && "rotate-180")} />{" "}
          {open ? "Less" : "Where its time went"}
        </Button>
        <Remove id={turn.id} />
      </div>
      {open && <TurnDetails id={id} turn={turn} />}
    </Card>
  );
}

function Facts({ turn }: { turn: Turn }) {
  const voice = whoseVoice(turn);
  const woken = wokenBy(turn);
  return (
    <p className="flex flex-wrap items-center gap-2 text-xs text-faint">
      <span className="figure">{timeOfDay(turn.at)}</span>
      {turn.ttfa_ms !== null && <span className="figure text-jet">{duration(turn.ttfa_ms)} to the first sound</span>}
      {turn.interrupted && <Badge tone="warn">interrupted</Badge>}
      {turn.withdrawn > 0 && <Badge>taken back {turn.withdrawn}×</Badge>}
      {turn.reason && <Badge>{turn.reason}</Badge>}
      {woken && <Badge>{woken}</Badge>}
      {voice && <Badge tone={turn.speaker ? "jet" : "quiet"}>{voice}</Badge>}
      {turn.tool_calls.length > 0 && <Badge tone="jet">{turn.tool_calls.map((call) => call.name).join(", ")}</Badge>}
    </p>
  );
}

function Reply({ turn }: { turn: Turn }) {
  if (!turn.reply) return null;
  const [heard, unheard] = split(turn.reply, turn.heard, turn.interrupted);
  return (
    <p className="border-l-2 border-jet/50 pl-3 text-[0.9375rem] leading-relaxed break-words">
      <span className="sr-only">Jett: </span>
      {heard}
      {unheard && (
        <>
          <span className="sr-only">, cut off before: </span>
          <span className="text-faint line-through decoration-edge">{unheard}</span>
        </>
      )}
    </p>
  );
}

function Remove({ id }: { id: number }) {
  const { number, go } = usePlace();
  const [open, setOpen] = useState(false);
  const change = useChange(deleteTurn, keys.conversations, keys.turns, keys.latency);
  const yes = () =>
    change.mutate(id, {
      onSuccess: (gone) => {
        setOpen(false);
        if (number("turn") !== null) go({});
        tellDeleted("The turn is deleted", gone);
      },
    });
  return (
    <>
      <Button look="ghost" size="small" onClick={() => setOpen(true)}>
        <Trash2 aria-hidden /> Delete<span className="sr-only"> this turn</span>
      </Button>
      {open && (
        <Confirm
          title="Delete this turn?"
          description="Its words, times and recording, for good."
          deed="Delete"
          busy={change.isPending}
          error={change.error}
          onYes={yes}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
