import { Cpu } from "lucide-react";

import type { Status } from "@/api/shapes";
import { Empty } from "@/ui/state";
import { mebibytes } from "@/ui/words";

const COLOURS = ["fill-stage-3", "fill-stage-4", "fill-stage-2", "fill-stage-5", "fill-stage-6", "fill-stage-1"];

/** What the plan takes of the card, part by part, against what it may take. */
export function GraphicsMemory({ vram }: { vram: Status["vram"] }) {
  if (vram.budget_mib === null || vram.budget_mib === undefined) {
    return (
      <Empty icon={Cpu} title="No graphics card">
        Everything runs on the processor.
      </Empty>
    );
  }
  const parts = Object.entries(vram.parts ?? {}).sort(([, a], [, b]) => b - a);
  return (
    <div className="flex flex-col gap-3 pt-1">
      <div>
        <p className="figure text-2xl font-semibold">
          {mebibytes(vram.planned_mib)}{" "}
          <span className="text-sm font-normal text-faint">of {mebibytes(vram.budget_mib)}</span>
        </p>
        {vram.card && <p className="text-xs text-faint">{vram.card}</p>}
      </div>
      <Meter parts={parts.map(([, mib]) => mib)} budget={vram.budget_mib} />
      <ul className="flex flex-col gap-1.5 text-xs">
        {parts.map(([name, mib], index) => (
          <li key={name} className="flex items-center gap-2">
            <svg aria-hidden viewBox="0 0 8 8" className="size-2">
              <rect width="8" height="8" rx="2" className={COLOURS[index % COLOURS.length]} />
            </svg>
            <span className="min-w-0 flex-1 truncate text-soft">{name}</span>
            <span className="figure text-faint">{mebibytes(mib)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Meter({ parts, budget }: { parts: readonly number[]; budget: number }) {
  const starts = parts.map((_, index) => parts.slice(0, index).reduce((sum, part) => sum + part, 0));
  return (
    <svg aria-hidden viewBox="0 0 100 4" preserveAspectRatio="none" className="h-2.5 w-full rounded-full bg-lifted">
      {parts.map((mib, index) => (
        <rect
          key={index}
          x={((starts[index] ?? 0) / budget) * 100}
          width={Math.max(0, (mib / budget) * 100 - 0.4)}
          height={4}
          className={COLOURS[index % COLOURS.length]}
        />
      ))}
    </svg>
  );
}
