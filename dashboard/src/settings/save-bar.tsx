import { useEffect } from "react";

import { Button } from "@/ui/button";
import { Failed } from "@/ui/state";
import { counted } from "@/ui/words";

import type { Draft } from "./draft";

type Props = { draft: Draft; save: () => void; discard: () => void; busy: boolean; error: unknown };

/** Stays in sight while something was changed. */
export function SaveBar(props: Props) {
  return Object.keys(props.draft).length > 0 && <Bar {...props} />;
}

/** It lies over the page's end: `globals.css` keeps what is scrolled to clear of it, and so is the field being changed. */
function Bar({ draft, save, discard, busy, error }: Props) {
  const count = Object.keys(draft).length;
  useEffect(() => {
    void document.activeElement?.scrollIntoView({ block: "nearest" }); // newer browsers return a promise
  }, []);
  return (
    <div
      data-over-the-page
      className="sticky bottom-20 z-20 flex animate-rise flex-col gap-3 rounded-xl border border-edge/60 bg-lifted p-3 shadow-2xl md:bottom-5"
    >
      {error ? <Failed error={error} /> : null}
      <div className="flex items-center gap-2">
        <p role="status" className="flex-1 pl-1 font-medium">
          {counted(count, "change")} not saved
        </p>
        <Button onClick={discard} disabled={busy}>
          Discard
        </Button>
        <Button look="primary" onClick={save} disabled={busy}>
          {busy ? "Saving…" : "Save"}
        </Button>
      </div>
    </div>
  );
}
