"use client";

import { Link2, Link2Off, ScrollText, ShieldCheck } from "lucide-react";

import { api, took } from "@/api/client";
import { flattened } from "@/api/cursors";
import { useAudit, useChange } from "@/api/queries";
import type { AuditRecord } from "@/api/shapes";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { More } from "@/ui/more";
import { Empty, Failed, Shown } from "@/ui/state";
import { counted, moment } from "@/ui/words";

import { verdictTone } from "./verdict";

/** The record of all that was asked of the guard, and whether it was touched. */
export function Audit() {
  const pages = useAudit();
  const data =
    pages.data &&
    flattened(
      pages.data.pages,
      (page) => page.records,
      (record) => record.number,
    );
  return (
    <div className="flex flex-col gap-5">
      <Verification />
      <Shown query={{ ...pages, data }} what="Audit log" lines={8}>
        {(records) =>
          records.length === 0 ? (
            <Empty icon={ScrollText} title="The audit log is empty">
              Whatever is asked of the guard is written here.
            </Empty>
          ) : (
            <div>
              <Records records={records} />
              <More pages={pages} />
            </div>
          )
        }
      </Shown>
    </div>
  );
}

/** Each record carries the hash of the one before; this counts them all again. */
function Verification() {
  const check = useChange(() => took(api.GET("/api/audit/verify")));
  return (
    <div className="flex flex-col gap-3 rounded-xl border bg-raised p-4 sm:px-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-soft">
          Each record carries the hash of the one before it, so nothing can be changed or taken out unseen.
        </p>
        <Button disabled={check.isPending} onClick={() => check.mutate()}>
          <ShieldCheck aria-hidden /> {check.isPending ? "Checking…" : "Check the chain"}
        </Button>
      </div>
      <div role="status">
        {check.error ? <Failed error={check.error} /> : null}
        {check.data && <Verdict verdict={check.data} />}
      </div>
    </div>
  );
}

type Checked = {
  intact: boolean;
  records: number;
  head: string;
  faults: { number: number | null; what: string }[];
  anchors: string[];
};

function Verdict({ verdict }: { verdict: Checked }) {
  const Icon = verdict.intact ? Link2 : Link2Off;
  return (
    <div className="flex items-start gap-3 border-t pt-3">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${verdict.intact ? "text-good" : "text-bad"}`} />
      <div className="min-w-0">
        <p className="font-medium">
          {verdict.intact ? `The chain holds over ${counted(verdict.records, "record")}.` : "The chain does not hold."}
        </p>
        <p className="truncate font-mono text-xs text-faint">head {verdict.head}</p>
        {verdict.anchors.map((anchor) => (
          <p key={anchor} className="text-xs text-faint">
            {anchor}
          </p>
        ))}
        <ul>
          {verdict.faults.map((fault) => (
            <li key={`${fault.number} ${fault.what}`} className="text-bad">
              {fault.number === null ? "" : `Record ${fault.number}: `}
              {fault.what}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

const CELL = "py-2.5 pr-4 align-top";

function Records({ records }: { records: readonly AuditRecord[] }) {
  return (
    <>
      <div className="overflow-x-auto max-md:hidden">
        <table className="w-full text-left text-xs">
          <thead className="label">
            <tr className="border-b">
              {["No.", "When", "What", "Asked", "By", "Verdict", "Rule"].map((name) => (
                <th key={name} scope="col" className="py-2 pr-4 font-medium">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y">
            {records.map((record) => (
              <Row key={record.number} record={record} />
            ))}
          </tbody>
        </table>
      </div>
      <ul className="divide-y md:hidden">
        {records.map((record) => (
          <Item key={record.number} record={record} />
        ))}
      </ul>
    </>
  );
}

function Row({ record }: { record: AuditRecord }) {
  return (
    <tr>
      <td className={`${CELL} figure text-faint`}>{record.number}</td>
      <td className={`${CELL} figure whitespace-nowrap text-soft`}>{moment(record.at)}</td>
      <td className={CELL}>{record.kind}</td>
      <td className={`${CELL} font-mono`} title={record.detail}>
        {record.verb} {record.target}
      </td>
      <td className={`${CELL} text-soft`}>{record.identity}</td>
      <td className={CELL}>{record.verdict && <Badge tone={verdictTone(record.verdict)}>{record.verdict}</Badge>}</td>
      <td className={`${CELL} text-faint`}>{record.rule}</td>
    </tr>
  );
}

function Item({ record }: { record: AuditRecord }) {
  return (
    <li className="flex flex-col gap-1 py-3 text-xs">
      <p className="flex items-center gap-2">
        <span className="figure text-faint">{record.number}</span>
        <span>{record.kind}</span>
        {record.verdict && <Badge tone={verdictTone(record.verdict)}>{record.verdict}</Badge>}
        <span className="figure ml-auto text-faint">{moment(record.at)}</span>
      </p>
      <p className="font-mono break-words">
        {record.verb} {record.target}
      </p>
      <p className="text-faint">
        {record.identity} {record.rule}
      </p>
    </li>
  );
}
