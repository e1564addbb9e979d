"use client";

import { Failed } from "@/ui/state";

/** A page that broke: what it was, and once more. */
export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <div className="mx-auto w-full max-w-2xl p-6">
      <h1 className="mb-4 text-2xl font-semibold tracking-tight">This page broke</h1>
      <Failed error={error} again={reset} />
    </div>
  );
}
