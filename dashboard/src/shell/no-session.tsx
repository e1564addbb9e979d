"use client";

import { KeyRound } from "lucide-react";

import { Button } from "@/ui/button";

import { Mark } from "./mark";

/** For a browser that has not been let in. */
export function NoSession({ again }: { again: () => void }) {
  return (
    <Alone title="This browser has not been let in yet">
      <p>
        Open the link that the terminal printed when Jett started. It works once, and this browser is remembered
        afterwards.
      </p>
      <p>
        No link at hand? On the machine where Jett runs,{" "}
        <code className="rounded bg-lifted px-1.5 py-0.5 font-mono text-jet">jett link</code> prints another.
      </p>
      <Button look="primary" size="large" className="mt-3" onClick={again}>
        <KeyRound aria-hidden /> I have opened it
      </Button>
    </Alone>
  );
}

/** One message on an empty page. */
export function Alone({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center px-6 py-12 text-center">
      <Mark className="mb-8 h-14 w-10" />
      <h1 className="text-2xl font-semibold tracking-tight text-balance">{title}</h1>
      <div className="mt-4 flex max-w-md flex-col items-center gap-3 text-base text-balance text-soft">{children}</div>
    </main>
  );
}
