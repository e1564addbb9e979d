"use client";

import { Boxes } from "lucide-react";
import Link from "next/link";

import { useContainers } from "@/api/queries";
import { condition } from "@/containers/condition";
import { Dot } from "@/ui/badge";
import { Empty, Shown } from "@/ui/state";

/** All containers in one glance. */
export function HealthStrip() {
  return (
    <Shown query={useContainers()} what="Containers" lines={2}>
      {({ known, trouble, containers }) =>
        !known || containers.length === 0 ? (
          <Empty icon={Boxes} title={known ? "The policy names no containers" : "The engine is out of sight"}>
            {trouble}
          </Empty>
        ) : (
          <ul className="grid grid-cols-2 gap-2 pt-1 sm:grid-cols-3">
            {containers.map((container) => {
              const { tone, words } = condition(container);
              return (
                <li key={container.name}>
                  <Link
                    href="/containers/"
                    className="flex items-center gap-2.5 rounded-lg border bg-ground px-3 py-2.5 hover:border-edge"
                  >
                    <Dot tone={tone} />
                    <span className="min-w-0">
                      <span className="block truncate font-medium">{container.name}</span>
                      <span className="block truncate text-xs text-faint">{words}</span>
                    </span>
                  </Link>
                </li>
              );
            })}
          </ul>
        )
      }
    </Shown>
  );
}
