"use client";

import { ScrollText } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";

import { useLog } from "@/api/queries";
import { Dialog } from "@/ui/dialog";
import { Input } from "@/ui/field";
import { Empty, Shown } from "@/ui/state";
import { Switch } from "@/ui/switch";

import { lineOf, pieces, together } from "./log-lines";

const MOST_FOLLOWED = 2000;

/** The end of a container's log: followed, searched. */
export function LogView({ name, onClose }: { name: string; onClose: () => void }) {
  const [follow, setFollow] = useState(true);
  const [wanted, setWanted] = useState("");
  const followed = useFollowed(name, follow);
  const id = useId();
  return (
    <Dialog open onClose={onClose} title={`Log of ${name}`} description="The last lines; secrets are taken out" wide>
      <div className="mb-3 flex items-center gap-4">
        <Input
          type="search"
          aria-label="Only lines with"
          placeholder="Search"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <label htmlFor={id} className="flex shrink-0 items-center gap-2 text-sm">
          Follow <Switch id={id} checked={follow} onCheckedChange={setFollow} />
        </label>
      </div>
      <Shown query={useLog(name)} what="Log" lines={6}>
        {({ lines }) => <Lines lines={together(lines, followed)} wanted={wanted} follow={follow} />}
      </Shown>
    </Dialog>
  );
}

function Lines({ lines, wanted, follow }: { lines: readonly string[]; wanted: string; follow: boolean }) {
  const box = useRef<HTMLOListElement>(null);
  const below = useRef(true);
  const shown = lines.filter((line) => line.toLowerCase().includes(wanted.toLowerCase()));
  useEffect(() => {
    if (follow && below.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown.length, follow]);
  const scrolled = () => {
    const at = box.current;
    if (at) below.current = at.scrollHeight - at.scrollTop - at.clientHeight < 48;
  };
  if (shown.length === 0) return <Empty icon={ScrollText} title={wanted ? "No line has that" : "The log is empty"} />;
  return (
    <ol
      ref={box}
      onScroll={scrolled}
      tabIndex={0}
      aria-label="Lines"
      className="h-[55dvh] overflow-auto rounded-lg border bg-ground p-3 font-mono text-xs leading-5"
    >
      {shown.map((line, index) => (
        <li key={index} className="break-all whitespace-pre-wrap text-soft">
          {pieces(line, wanted).map((piece, at) =>
            at % 2 === 1 ? (
              <mark key={at} className="rounded-sm bg-jet/30 text-ink">
                {piece}
              </mark>
            ) : (
              piece
            ),
          )}
        </li>
      ))}
    </ol>
  );
}

/** Lines as they come; at most the newest two thousand. */
function useFollowed(name: string, follow: boolean): string[] {
  const [lines, setLines] = useState<string[]>([]);
  useEffect(() => {
    if (!follow) return undefined;
    const source = new EventSource(`/api/containers/${encodeURIComponent(name)}/logs/follow`);
    source.onopen = () => setLines([]);
    source.addEventListener("line", ({ data }) =>
      setLines((before) => [...before, lineOf(data)].slice(-MOST_FOLLOWED)),
    );
    return () => source.close();
  }, [name, follow]);
  return lines;
}
