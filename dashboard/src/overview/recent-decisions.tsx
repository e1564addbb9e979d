"use client";

import { ShieldCheck } from "lucide-react";
import Link from "next/link";

import { useAudit } from "@/api/queries";
import { verdictTone } from "@/history/verdict";
import { Badge } from "@/ui/badge";
import { Empty, Shown } from "@/ui/state";
import { useNow } from "@/ui/use-now";
import { ago } from "@/ui/words";

const SHOWN = 8;

/** What the guard said last. */
export function RecentDecisions() {
  const now = useNow(10_000);
  const audit = useAudit();
  return (
    <Shown query={{ ...audit, data: audit.data?.pages }} what="Decisions">
      {(pages) => {
        const decided = pages.flatMap((page) => page.records).filter((record) => record.verdict !== "");
        if (decided.length === 0) return <Empty icon={ShieldCheck} title="Nothing was asked of the guard yet" />;
        return (
          <>
            <ul className="divide-y">
              {decided.slice(0, SHOWN).map((record) => (
                <li key={record.number} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
                  <Badge tone={verdictTone(record.verdict)} className="w-16 justify-center">
                    {record.verdict}
                  </Badge>
                  <span className="font-mono text-xs">
                    {record.verb} {record.target}
                  </span>
                  <span className="text-xs text-faint">{record.identity}</span>
                  <span className="min-w-0 truncate text-xs text-faint max-sm:hidden">{record.rule}</span>
                  <span className="ml-auto text-xs text-faint">{ago(record.at, now)}</span>
                </li>
              ))}
            </ul>
            <Link
              href="/history/?tab=audit"
              className="mt-2 inline-block rounded text-sm font-medium text-jet hover:underline"
            >
              The whole audit log
            </Link>
          </>
        );
      }}
    </Shown>
  );
}
