"use client";

import { useId } from "react";

import { useWidth } from "@/ui/use-width";
import { duration } from "@/ui/words";

import { layout, type Layout, type Piece } from "./layout";

const ROW = 26;
const HEAD = 22;
const COLOURS = ["fill-stage-1", "fill-stage-2", "fill-stage-3", "fill-stage-4", "fill-stage-5", "fill-stage-6"];

/** A turn's pieces of work on one clock from the true end of speech; time for which none accounts is hatched. */
export function Waterfall({ spans, stages }: { spans: readonly Piece[]; stages: Readonly<Record<string, number>> }) {
  const [ref, width] = useWidth();
  const all = layout(spans, stages);
  if (all.rows.length === 0) return <p className="py-2 text-faint">No times are known of this turn.</p>;
  return (
    <div ref={ref} className="min-w-0">
      {width > 0 && <Drawing all={all} width={width} />}
      <Words all={all} />
    </div>
  );
}

function Drawing({ all, width }: { all: Layout; width: number }) {
  const hatch = useId();
  const names = Math.min(130, Math.round(width * 0.3));
  const values = 58;
  const x = (ms: number) => names + ((ms - all.from_ms) / (all.to_ms - all.from_ms)) * (width - names - values);
  const height = HEAD + (all.rows.length + (all.gaps.length > 0 ? 1 : 0)) * ROW + 4;
  return (
    <svg aria-hidden width={width} height={height} className="block text-xs">
      <Hatch id={hatch} />
      {all.ticks.map((ms) => (
        <g key={ms}>
          <line x1={x(ms)} x2={x(ms)} y1={HEAD - 4} y2={height} className={ms === 0 ? "stroke-edge" : "stroke-line"} />
          <text x={x(ms)} y={12} textAnchor="middle" className="fill-faint text-2xs tabular-nums">
            {ms}
          </text>
        </g>
      ))}
      {all.first_sound_ms !== null && (
        <line
          x1={x(all.first_sound_ms)}
          x2={x(all.first_sound_ms)}
          y1={HEAD - 4}
          y2={height}
          className="stroke-jet"
          strokeDasharray="3 3"
        />
      )}
      {all.rows.map((row, index) => (
        <Bar key={`${row.name} ${index}`} row={row} index={index} x={x} names={names} />
      ))}
      {all.gaps.length > 0 && (
        <g transform={`translate(0 ${HEAD + all.rows.length * ROW})`}>
          <text x={0} y={17} className="fill-faint">
            unaccounted
          </text>
          {all.gaps.map((gap) => (
            <rect
              key={gap.start_ms}
              x={x(gap.start_ms)}
              y={5}
              height={16}
              rx={2}
              width={Math.max(2, x(gap.end_ms) - x(gap.start_ms))}
              fill={`url(#${hatch})`}
              className="stroke-edge"
            />
          ))}
        </g>
      )}
    </svg>
  );
}

function Bar({ row, index, x, names }: { row: Piece; index: number; x: (ms: number) => number; names: number }) {
  const width = Math.max(2, x(row.end_ms) - x(row.start_ms));
  return (
    <g transform={`translate(0 ${HEAD + index * ROW})`}>
      <text x={0} y={17} className="fill-soft">
        {short(row.name, names)}
      </text>
      <rect x={x(row.start_ms)} y={5} width={width} height={16} rx={3} className={COLOURS[index % COLOURS.length]} />
      <text x={x(row.start_ms) + width + 6} y={17} className="fill-faint text-2xs tabular-nums">
        {duration(row.end_ms - row.start_ms)}
      </text>
    </g>
  );
}

/** As much of a name as has room at about 6.5 px a letter. */
function short(name: string, width: number): string {
  const most = Math.floor(width / 6.5) - 1;
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

function Hatch({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={id} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line x1={0} x2={0} y1={0} y2={6} strokeWidth={3} className="stroke-edge/50" />
      </pattern>
    </defs>
  );
}

/** The same for those who do not see it. */
function Words({ all }: { all: Layout }) {
  const unaccounted = all.gaps.reduce((sum, gap) => sum + gap.end_ms - gap.start_ms, 0);
  return (
    <ul className="sr-only">
      {all.rows.map((row, index) => (
        <li key={index}>
          {row.name}: from {duration(row.start_ms)} to {duration(row.end_ms)}
        </li>
      ))}
      {unaccounted > 0 && <li>Unaccounted for: {duration(unaccounted)}</li>}
      {all.first_sound_ms !== null && <li>First sound at {duration(all.first_sound_ms)}</li>}
    </ul>
  );
}
