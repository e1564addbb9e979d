"use client";

import { useTurn } from "@/api/queries";
import { Button } from "@/ui/button";
import { Shown } from "@/ui/state";
import { usePlace } from "@/ui/use-place";

import { Back } from "./conversation-view";
import { TurnCard } from "./turn-card";

/** A turn by itself, as found by a search or picked in a chart. */
export function OneTurn({ id }: { id: number }) {
  const { go } = usePlace();
  return (
    <Shown query={useTurn(id)} what="Turn" lines={4}>
      {(turn) => (
        <div className="flex flex-col gap-4">
          <header className="flex items-center justify-between gap-3">
            <div className="flex items-center gap-2">
              <Back />
              <h2 className="text-base font-semibold">Turn {turn.number}</h2>
            </div>
            <Button size="small" onClick={() => go({ id: turn.conversation_id })}>
              The whole conversation
            </Button>
          </header>
          <TurnCard turn={turn} open />
        </div>
      )}
    </Shown>
  );
}
