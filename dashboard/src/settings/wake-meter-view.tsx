"use client";

import { Mic, Square } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";

import { Button } from "@/ui/button";
import { Failed } from "@/ui/state";
import { counted } from "@/ui/words";

import { height, line, marks, SHOWN_FRAMES, type Scores } from "./meter-scores";
import { WakeMeter } from "./wake-meter";

type Props = { sensitivity: number; ready: boolean };

/** How the chosen heads score what this browser hears, and where they would have woken at a sensitivity not saved yet. */
export function WakeMeterView({ sensitivity, ready }: Props) {
  const [meter] = useState(() => new WakeMeter());
  useEffect(() => () => meter.close(), [meter]);
  useEffect(() => meter.tune(sensitivity), [meter, sensitivity]);
  const state = useMeter(meter, (seen) => seen.state);
  const error = useMeter(meter, (seen) => seen.error);
  const scores = useMeter(meter, (seen) => seen.scores);
  return (
    <div className="flex flex-col gap-3 pt-4">
      <p className="text-soft">
        Say it, and see whether it would wake. Jett scores the sound on its own machine and keeps nothing of it.
      </p>
      {error ? <Failed error={error} /> : null}
      {scores.names.map(({ name }, index) => (
        <Lane key={name} scores={scores} index={index} />
      ))}
      <div className="flex flex-wrap items-center gap-3">
        {state === "off" ? (
          <Button disabled={!ready} onClick={() => void meter.begin()}>
            <Mic aria-hidden /> Try the wake word
          </Button>
        ) : (
          <Button look="danger" onClick={() => meter.close()}>
            <Square aria-hidden /> Stop
          </Button>
        )}
        <p role="status" className="text-xs text-faint">
          {!ready && "Choose a word and save it first."}
          {scores.names.length > 0 && `It would have woken ${counted(scores.calls, "time", "times")}`}
        </p>
      </div>
    </div>
  );
}

/** One name: its score over eight seconds, the threshold as a line, a mark at each call. */
function Lane({ scores, index }: { scores: Scores; index: number }) {
  const { name, threshold } = scores.names[index]!;
  const score = scores.frames.at(-1)?.scores[index] ?? 0;
  const top = height(threshold);
  return (
    <div>
      <p className="mb-1 flex justify-between gap-3 text-xs text-faint">
        <span className="font-mono text-soft">{name}</span>
        <span className="figure">
          {score.toFixed(2)} of {threshold.toFixed(2)}
        </span>
      </p>
      <svg
        role="meter"
        aria-label={`Score of ${name}`}
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={score}
        viewBox={`0 0 ${SHOWN_FRAMES} 100`}
        preserveAspectRatio="none"
        className="h-20 w-full rounded-lg bg-ground"
      >
        {marks(scores.frames, name).map((at) => (
          <line key={at} x1={at} x2={at} y1="0" y2="100" className="stroke-good" vectorEffect="non-scaling-stroke" />
        ))}
        <line
          x1="0"
          x2={SHOWN_FRAMES}
          y1={top}
          y2={top}
          strokeDasharray="4 4"
          className="stroke-warn"
          vectorEffect="non-scaling-stroke"
        />
        <polyline
          points={line(scores.frames, index)}
          fill="none"
          strokeWidth="2"
          className="stroke-jet"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </div>
  );
}

function useMeter<T>(meter: WakeMeter, see: (meter: WakeMeter) => T): T {
  const look = () => see(meter);
  return useSyncExternalStore(meter.watch, look, look);
}
