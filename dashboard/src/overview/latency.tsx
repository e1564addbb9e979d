"use client";

import { Timer } from "lucide-react";
import Link from "next/link";
import { useState } from "react";

import type { Latency, StageTimes } from "@/api/shapes";
import { Card } from "@/ui/card";
import { cn } from "@/ui/cn";
import { Empty } from "@/ui/state";
import { useWidth } from "@/ui/use-width";
import { duration, timeOfDay } from "@/ui/words";
import { ORDER, stack, STAGE_NAMES, ticks } from "@/waterfall/layout";

const FILLS: Record<string, string> = {
  pause_seen: "fill-stage-1",
  stt_final: "fill-stage-2",
  llm_first_token: "fill-stage-3",
  tts_first_audio: "fill-stage-4",
  commit: "fill-stage-5",
  first_audio: "fill-stage-6",
};

/** The headline figure, and each stage from the end of speech: half the turns were faster, and all but one in twenty. */
export function LatencyCards({ latency }: { latency: Latency }) {
  const stages = ORDER.filter((name) => name !== "first_audio" && latency.percentiles[name]);
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(9rem,1fr))] gap-3">
      <Percentile name="ttfa" figures={latency.percentiles.ttfa} headline />
      {stages.map((name) => (
        <Percentile key={name} name={name} figures={latency.percentiles[name]} />
      ))}
    </div>
  );
}

type Figures = Latency["percentiles"][string] | undefined;

function Percentile({ name, figures, headline = false }: { name: string; figures: Figures; headline?: boolean }) {
  return (
    <Card className={cn("px-4 py-3.5", headline && "border-jet/35 bg-jet/6")}>
      <h2 className="label truncate">{STAGE_NAMES[name] ?? name}</h2>
      <p className={cn("figure mt-1 text-xl font-semibold", headline && "text-jet")}>{duration(figures?.p50_ms)}</p>
      <p className="figure text-xs text-faint">P95 {duration(figures?.p95_ms)}</p>
    </Card>
  );
}

const HEIGHT = 300;
const FOOT = 22;
const LEFT = 44;

/** Each turn's wait as one bar of its stages. */
export function LatencyChart({ turns }: { turns: readonly StageTimes[] }) {
  const [ref, width] = useWidth();
  const [picked, setPicked] = useState<StageTimes | null>(null);
  const answered = turns.filter((turn) => turn.ttfa_ms !== null);
  if (answered.length === 0) {
    return (
      <Empty icon={Timer} title="No turn was answered yet">
        Talk to Jett, and each answer&rsquo;s wait shows here.
      </Empty>
    );
  }
  const shown = picked ?? answered.at(-1);
  return (
    <div ref={ref} className="min-w-0 pt-1">
      {width > 0 && <Bars turns={answered} width={width} picked={shown} pick={setPicked} />}
      <Legend turn={shown} />
    </div>
  );
}

type Pick = (turn: StageTimes) => void;

function Bars({
  turns,
  width,
  picked,
  pick,
}: {
  turns: readonly StageTimes[];
  width: number;
  picked: StageTimes | undefined;
  pick: Pick;
}) {
  const most = Math.max(...turns.map((turn) => turn.ttfa_ms ?? 0)) * 1.05;
  const y = (ms: number) => HEIGHT - FOOT - (ms / most) * (HEIGHT - FOOT - 8);
  const step = (width - LEFT) / Math.max(turns.length, 12);
  const median = turns.map((turn) => turn.ttfa_ms ?? 0).sort((a, b) => a - b)[Math.floor(turns.length / 2)] ?? 0;
  return (
    <svg
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={`The waits of ${turns.length} turns; half were below ${duration(median)}`}
      className="block"
    >
      {ticks(0, most).map((ms) => (
        <g key={ms}>
          <line x1={LEFT} x2={width} y1={y(ms)} y2={y(ms)} className="stroke-line" />
          <text x={LEFT - 8} y={y(ms) + 4} textAnchor="end" className="fill-faint text-2xs tabular-nums">
            {ms}
          </text>
        </g>
      ))}
      {turns.map((turn, index) => (
        <g
          key={turn.turn_id}
          transform={`translate(${LEFT + index * step} 0)`}
          onPointerEnter={() => pick(turn)}
          onPointerDown={() => pick(turn)}
        >
          <rect width={step} height={HEIGHT} className={turn === picked ? "fill-lifted" : "fill-transparent"} />
          <Bar turn={turn} width={step} y={y} />
        </g>
      ))}
      <Ends turns={turns} width={width} />
    </svg>
  );
}

function Bar({ turn, width, y }: { turn: StageTimes; width: number; y: (ms: number) => number }) {
  const parts = stack(turn.stages_ms);
  const starts = parts.map((_, index) => parts.slice(0, index).reduce((sum, part) => sum + part.ms, 0));
  const gap = Math.min(3, width * 0.18);
  return parts.map(({ name, ms }, index) => {
    const start = starts[index] ?? 0;
    return (
      <rect
        key={name}
        x={gap / 2}
        width={Math.min(22, width - gap)}
        y={y(start + ms)}
        height={Math.max(0, y(start) - y(start + ms))}
        className={FILLS[name]}
      />
    );
  });
}

function Ends({ turns, width }: { turns: readonly StageTimes[]; width: number }) {
  const [first, last] = [turns[0], turns.at(-1)];
  return (
    <g className="fill-faint text-2xs tabular-nums">
      <text x={LEFT} y={HEIGHT - 5}>
        {first && timeOfDay(first.at)}
      </text>
      {turns.length > 12 && (
        <text x={width} y={HEIGHT - 5} textAnchor="end">
          {last && timeOfDay(last.at)}
        </text>
      )}
    </g>
  );
}

/** What the colours are, with the picked turn's figures. */
function Legend({ turn }: { turn: StageTimes | undefined }) {
  if (!turn) return null;
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1.5 border-t pt-3 text-xs">
      <Link href={`/history/?turn=${turn.turn_id}`} className="rounded font-medium text-jet hover:underline">
        {timeOfDay(turn.at)}: {duration(turn.ttfa_ms)}
      </Link>
      {stack(turn.stages_ms).map(({ name, ms }) => (
        <span key={name} className="flex items-center gap-1.5 text-faint">
          <svg aria-hidden viewBox="0 0 8 8" className="size-2">
            <rect width="8" height="8" rx="2" className={FILLS[name]} />
          </svg>
          {STAGE_NAMES[name]} <span className="figure text-soft">{duration(ms)}</span>
        </span>
      ))}
    </div>
  );
}
