"use client";

import { TriangleAlert } from "lucide-react";

import { useLatency, useStatus } from "@/api/queries";
import type { Status } from "@/api/shapes";
import { WaitingQuestions } from "@/containers/questions";
import { Panel } from "@/ui/card";
import { Page } from "@/ui/page";
import { Shown } from "@/ui/state";
import { useNow } from "@/ui/use-now";
import { counted, mebibytes, span } from "@/ui/words";

import { Engines } from "./engines";
import { GraphicsMemory } from "./graphics-memory";
import { HealthStrip } from "./health-strip";
import { LatencyCards, LatencyChart } from "./latency";
import { RecentDecisions } from "./recent-decisions";

/** How Jett is. */
export function Overview() {
  const status = useStatus();
  const latency = useLatency();
  return (
    <Page title="Dashboard" lead={status.data ? <Facts status={status.data} /> : "How Jett is, now"}>
      <Troubles troubles={status.data?.troubles ?? []} />
      <WaitingQuestions />
      <Shown query={latency} what="Latency" lines={2}>
        {(data) => <LatencyCards latency={data} />}
      </Shown>
      <div className="grid gap-5 lg:grid-cols-3">
        <Panel
          title="From the end of speech to the first sound"
          aside={<span className="label">last 40 turns</span>}
          className="lg:col-span-2"
        >
          <Shown query={latency} what="Latency">
            {(data) => <LatencyChart turns={data.turns} />}
          </Shown>
        </Panel>
        <Panel title="Engines">
          <Shown query={status} what="Engines">
            {(data) => <Engines engines={data.engines} />}
          </Shown>
        </Panel>
        <Panel title="Containers" className="lg:col-span-2">
          <HealthStrip />
        </Panel>
        <Panel title="Graphics memory">
          <Shown query={status} what="Memory">
            {(data) => <GraphicsMemory vram={data.vram} />}
          </Shown>
        </Panel>
        <Panel title="The guard's latest decisions" className="lg:col-span-3">
          <RecentDecisions />
        </Panel>
      </div>
    </Page>
  );
}

function Facts({ status }: { status: Status }) {
  const now = useNow(30_000);
  return (
    <>
      Up for {span(now - Date.parse(status.started_at))}, profile {status.profile}, {mebibytes(status.resident_mib)} of
      memory, {counted(status.sessions, "conversation")} of {status.most_sessions} over the network
    </>
  );
}

function Troubles({ troubles }: { troubles: readonly string[] }) {
  if (troubles.length === 0) return null;
  return (
    <ul aria-label="Troubles" className="flex flex-col gap-2 rounded-xl border border-warn/30 bg-warn/8 px-4 py-3">
      {troubles.map((trouble) => (
        <li key={trouble} className="flex items-start gap-2.5">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
          <span className="min-w-0 break-words">{trouble}</span>
        </li>
      ))}
    </ul>
  );
}
