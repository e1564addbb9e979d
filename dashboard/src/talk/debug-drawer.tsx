"use client";

import { useState } from "react";

import { cn } from "@/ui/cn";
import { timeOfDay } from "@/ui/words";
import { Waterfall } from "@/waterfall/waterfall";

import type { Dialogue, Line, Noted } from "./dialogue";

/** For those who want to know: where the last turn's time went, and what went over the wire. */
export function DebugDrawer({ state }: { state: Dialogue }) {
  const turn = state.lines.findLast((line) => line.finished !== null)?.finished ?? null;
  return (
    <section
      id="debug"
      aria-label="Debug"
      className="grid max-h-[40dvh] shrink-0 animate-rise gap-x-8 gap-y-4 overflow-y-auto border-t bg-raised p-5 md:grid-cols-2"
    >
      <div className="min-w-0">
        <h2 className="label mb-2">The last turn, milliseconds from the end of speech</h2>
        {turn ? <LastTurn turn={turn} /> : <p className="text-faint">Not a turn yet.</p>}
      </div>
      <Events notes={state.notes} />
    </section>
  );
}

function LastTurn({ turn }: { turn: NonNullable<Line["finished"]> }) {
  return (
    <>
      <Waterfall spans={turn.spans} stages={turn.stages_ms} />
      <dl className="mt-3 flex flex-wrap gap-x-4 gap-y-1 font-mono text-xs">
        {Object.entries(turn.engines).map(([stage, name]) => (
          <div key={stage} className="flex gap-1.5">
            <dt className="text-faint">{stage}</dt>
            <dd className="text-soft">{name}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Events({ notes }: { notes: readonly Noted[] }) {
  const [filter, setFilter] = useState("");
  const shown = notes.filter((note) => note.name.includes(filter)).toReversed();
  return (
    <div className="flex min-w-0 flex-col">
      <div className="mb-2 flex items-center justify-between gap-3">
        <h2 className="label">Events, newest first</h2>
        <input
          aria-label="Only events whose name has"
          placeholder="filter"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
          className="h-7 w-32 rounded-md border border-edge/60 bg-ground px-2 font-mono text-xs placeholder:text-faint"
        />
      </div>
      <ol tabIndex={0} aria-label="Events" className="max-h-56 overflow-y-auto font-mono text-xs leading-5">
        {shown.map((note, index) => (
          <li key={notes.length - index} className="flex gap-3 whitespace-nowrap">
            <span className="text-faint">{timeOfDay(new Date(note.at).toISOString())}</span>
            <span className={cn(note.name.startsWith("→") ? "text-stage-2" : "text-jet")}>{note.name}</span>
            {note.count > 1 && <span className="text-faint">×{note.count}</span>}
            <span className="truncate text-soft">{note.detail}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
