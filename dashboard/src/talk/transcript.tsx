"use client";

import { AudioLines } from "lucide-react";
import { useEffect, useRef } from "react";

import { Badge } from "@/ui/badge";
import { cn } from "@/ui/cn";
import { duration } from "@/ui/words";

import type { Line } from "./dialogue";
import { split } from "./heard";

/** What was said, newest at the bottom; stays there unless one scrolled up. Not read aloud: Jett speaks itself. */
export function Transcript({ lines }: { lines: readonly Line[] }) {
  const box = useRef<HTMLDivElement>(null);
  const below = useRef(true);
  useEffect(() => {
    if (below.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  const scrolled = () => {
    const at = box.current;
    if (at) below.current = at.scrollHeight - at.scrollTop - at.clientHeight < 48;
  };
  if (lines.length === 0) return <Nothing />;
  return (
    <div
      ref={box}
      onScroll={scrolled}
      tabIndex={0}
      role="log"
      aria-live="off"
      aria-label="What was said"
      className="min-h-0 flex-1 overflow-y-auto px-5 pt-2 pb-5"
    >
      <ol className="flex flex-col gap-6">
        {lines.map((line) => (
          <Exchange key={line.key} line={line} />
        ))}
      </ol>
    </div>
  );
}

function Nothing() {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-2 px-8 py-10 text-center text-faint">
      <AudioLines aria-hidden className="size-6" strokeWidth={1.5} />
      <p className="text-balance">What you say and what Jett answers appears here.</p>
    </div>
  );
}

function Exchange({ line }: { line: Line }) {
  return (
    <li className="flex animate-rise flex-col gap-2.5">
      {line.said && (
        <p
          className={cn(
            "ml-8 self-end rounded-2xl rounded-br-md bg-lifted px-3.5 py-2 break-words",
            line.open && "text-soft",
          )}
        >
          <span className="sr-only">You: </span>
          {line.said}
          {line.open && (
            <span aria-hidden className="ml-1 text-jet">
              ▍
            </span>
          )}
        </p>
      )}
      <Reply line={line} />
    </li>
  );
}

function Reply({ line }: { line: Line }) {
  const { finished } = line;
  const [heard, unheard] = finished
    ? split(finished.reply, finished.heard, finished.interrupted)
    : [line.clauses.join(" "), ""];
  if (!heard && !unheard && !finished?.error) return null;
  return (
    <div className="mr-4 border-l-2 border-jet/50 pl-3.5">
      <p className="text-[0.9375rem] leading-relaxed break-words text-ink">
        <span className="sr-only">Jett: </span>
        {heard}
        {unheard && (
          <>
            <span className="sr-only">, cut off before: </span>
            <span className="text-faint line-through decoration-edge">{unheard}</span>
          </>
        )}
      </p>
      {finished?.error && <p className="mt-1 text-bad">{finished.error}</p>}
      {finished && <Facts line={finished} />}
    </div>
  );
}

function Facts({ line }: { line: NonNullable<Line["finished"]> }) {
  if (line.ttfa_ms === null && !line.interrupted) return null;
  return (
    <p className="mt-1.5 flex flex-wrap items-center gap-2 text-xs text-faint">
      {line.ttfa_ms !== null && <span className="figure">first sound after {duration(line.ttfa_ms)}</span>}
      {line.interrupted && <Badge tone="warn">interrupted</Badge>}
    </p>
  );
}
