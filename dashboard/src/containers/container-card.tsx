"use client";

import { ScrollText } from "lucide-react";
import { useState } from "react";

import { useOperations } from "@/api/operations";
import type { Container } from "@/api/shapes";
import { Badge, Dot } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { useNow } from "@/ui/use-now";
import { bytes, span } from "@/ui/words";

import { Actions } from "./actions";
import { healthOf, stateOf } from "./condition";
import { LogView } from "./log-view";
import { Progress } from "./progress";
import { Sparkline } from "./sparkline";

/** One container: state, health, age, what it takes, and what may be done. */
export function ContainerCard({ container, mayChange }: { container: Container; mayChange: boolean }) {
  const [log, setLog] = useState(false);
  const operation = useOperations()[container.name];
  const mayRead = container.permissions.some(({ verb, verdict }) => verb === "logs" && verdict === "allow");
  return (
    <li>
      <Card className="flex flex-wrap items-center gap-x-6 gap-y-3 p-4 sm:px-5" aria-label={container.name}>
        <div className="min-w-52 flex-1">
          <h2 className="flex items-center gap-2 text-base font-medium">
            <span className="truncate">{container.name}</span>
            {container.lifeline && <Badge tone="jet">lifeline</Badge>}
          </h2>
          <States container={container} />
        </div>
        <Usage container={container} />
        <div className="flex flex-wrap items-center gap-2 max-sm:w-full">
          {mayRead && (
            <Button size="small" onClick={() => setLog(true)}>
              <ScrollText aria-hidden /> Log
            </Button>
          )}
          {mayChange && <Actions container={container} busy={operation?.phase === "began"} />}
        </div>
        {operation && <Progress operation={operation} />}
      </Card>
      {log && <LogView name={container.name} onClose={() => setLog(false)} />}
    </li>
  );
}

function States({ container }: { container: Container }) {
  const now = useNow(10_000);
  const [state, health] = [stateOf(container), healthOf(container)];
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-soft">
      <span className="flex items-center gap-1.5">
        <Dot tone={state.tone} /> {state.words}
      </span>
      {container.state === "running" && (
        <span className="flex items-center gap-1.5">
          <Dot tone={health.tone} /> {health.words}
        </span>
      )}
      {container.started_at && container.state === "running" && (
        <span className="text-faint">up {span(now - Date.parse(container.started_at))}</span>
      )}
    </p>
  );
}

function Usage({ container: { usage } }: { container: Container }) {
  const last = usage.at(-1);
  if (!last) return null;
  return (
    <dl className="flex gap-6 max-sm:w-full">
      <Measure name="CPU" value={`${last.cpu_percent.toFixed(1)} %`} values={usage.map((one) => one.cpu_percent)} />
      <Measure
        name="Memory"
        value={bytes(last.memory_bytes)}
        values={usage.map((one) => one.memory_bytes)}
        most={last.memory_limit_bytes}
      />
    </dl>
  );
}

function Measure({ name, value, values, most }: { name: string; value: string; values: number[]; most?: number }) {
  return (
    <div className="w-36 max-sm:flex-1">
      <dt className="label flex justify-between">{name}</dt>
      <dd className="whitespace-nowrap">
        <span className="figure text-sm font-medium">{value}</span>
        {most !== undefined && most > 0 && <span className="text-xs text-faint"> of {bytes(most)}</span>}
        <Sparkline values={values} />
      </dd>
    </div>
  );
}
