import type { GuardDecision, ToolCall, Turn } from "@/api/shapes";
import { Badge } from "@/ui/badge";
import { duration, timeOfDay } from "@/ui/words";
import { Waterfall } from "@/waterfall/waterfall";

import { verdictTone } from "./verdict";

/** The turn's clock, its tools, the guard's words, the engines. */
export function TurnDetails({ id, turn }: { id: string; turn: Turn }) {
  return (
    <div id={id} className="flex flex-col gap-6 border-t p-4 sm:px-5">
      <div>
        <h3 className="label mb-2">Milliseconds from the true end of speech</h3>
        <Waterfall spans={turn.spans} stages={turn.stages_ms} />
      </div>
      {turn.tool_calls.length > 0 && <Tools calls={turn.tool_calls} />}
      {turn.guard.length > 0 && <Guard decisions={turn.guard} />}
      <Engines engines={turn.engines} />
    </div>
  );
}

function Tools({ calls }: { calls: readonly ToolCall[] }) {
  return (
    <div>
      <h3 className="label mb-2">Tools</h3>
      <ul className="flex flex-col gap-2">
        {calls.map((call, index) => (
          <li key={index} className="rounded-lg border bg-ground p-3 text-xs">
            <p className="flex flex-wrap items-center gap-2">
              <span className="font-mono text-sm font-medium">{call.name}</span>
              {call.failed && <Badge tone="bad">failed</Badge>}
              <span className="figure ml-auto text-faint">{duration(call.took_ms)}</span>
            </p>
            <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1 font-mono">
              <dt className="text-faint">asked</dt>
              <dd className="break-words text-soft">{call.arguments}</dd>
              <dt className="text-faint">came</dt>
              <dd className="break-words whitespace-pre-wrap text-soft">{call.result}</dd>
            </dl>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Guard({ decisions }: { decisions: readonly GuardDecision[] }) {
  return (
    <div>
      <h3 className="label mb-2">The guard</h3>
      <ul className="divide-y">
        {decisions.map((decision) => (
          <li
            key={`${decision.operation} ${decision.at} ${decision.verdict}`}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-xs"
          >
            <Badge tone={verdictTone(decision.verdict)}>{decision.verdict}</Badge>
            <span className="font-mono">
              {decision.verb} {decision.target}
            </span>
            <span className="text-faint">{decision.rule}</span>
            <span className="figure ml-auto text-faint">{timeOfDay(decision.at)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Engines({ engines }: { engines: Readonly<Record<string, string>> }) {
  const all = Object.entries(engines);
  if (all.length === 0) return null;
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1 font-mono text-xs">
      {all.map(([stage, name]) => (
        <div key={stage} className="flex gap-1.5">
          <dt className="text-faint">{stage}</dt>
          <dd className="text-soft">{name}</dd>
        </div>
      ))}
    </dl>
  );
}
