"use client";

import { Boxes, Lock } from "lucide-react";
import Link from "next/link";

import { useContainers } from "@/api/queries";
import type { Containers } from "@/api/shapes";
import { Page } from "@/ui/page";
import { Empty, Shown } from "@/ui/state";
import { capital } from "@/ui/words";

import { ContainerCard } from "./container-card";
import { WaitingQuestions } from "./questions";

/** The owner's containers, as the guard lets this browser see and change them. */
export function ContainersPage() {
  const query = useContainers();
  return (
    <Page title="Containers" lead={query.data?.place ? capital(query.data.place) : "As the guard lets you see them"}>
      <WaitingQuestions />
      <Shown query={query} what="Containers" lines={5}>
        {(data) => <All data={data} />}
      </Shown>
    </Page>
  );
}

function All({ data }: { data: Containers }) {
  if (!data.known) {
    return (
      <Empty icon={Boxes} title="The container engine is out of sight">
        {data.trouble || "Nothing is known of the containers until it answers again."}
      </Empty>
    );
  }
  if (data.containers.length === 0) {
    return (
      <Empty icon={Boxes} title={data.trouble ? "Nothing may be looked at" : "The policy names no containers"}>
        {data.trouble || "Name them in the guard’s policy, and they appear here."}
      </Empty>
    );
  }
  return (
    <>
      {!data.may_change && <ReadOnly />}
      <ul className="flex flex-col gap-3">
        {data.containers.map((container) => (
          <ContainerCard key={container.name} container={container} mayChange={data.may_change} />
        ))}
      </ul>
    </>
  );
}

function ReadOnly() {
  return (
    <p className="flex items-start gap-2.5 rounded-xl border bg-raised px-4 py-3 text-soft">
      <Lock aria-hidden className="mt-0.5 size-4 shrink-0 text-faint" />
      <span>
        This page only shows. To start, stop and restart from here, turn on{" "}
        <Link
          href="/settings/?tab=all&find=server.actions"
          className="rounded font-mono text-xs text-jet underline underline-offset-2"
        >
          server.actions
        </Link>
        ; the guard still decides.
      </span>
    </p>
  );
}
