"use client";

import { usePolicy } from "@/api/queries";
import { Panel } from "@/ui/card";
import { Failed, Shown } from "@/ui/state";

/** The guard's policy, to read. It is changed in its file alone, so that no web page can. */
export function Policy() {
  return (
    <Panel title="The guard's policy">
      <Shown query={usePolicy()} what="Policy" lines={6}>
        {({ path, text, trouble }) => (
          <div className="flex flex-col gap-4 pt-1">
            <p className="text-soft">
              What may be asked of the servers, and what needs a yes. It is changed in{" "}
              <span className="font-mono text-xs break-all text-ink">{path}</span> alone, so that no web page can.
            </p>
            {trouble && <Failed error={trouble} />}
            <pre
              tabIndex={0}
              role="region"
              aria-label="Policy"
              className="max-h-[60dvh] overflow-auto rounded-lg border bg-ground p-4 font-mono text-xs leading-5 text-soft"
            >
              {text}
            </pre>
          </div>
        )}
      </Shown>
    </Panel>
  );
}
