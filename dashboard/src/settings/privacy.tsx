"use client";

import { CircleCheck, CircleDot } from "lucide-react";

import { usePrivacy } from "@/api/queries";
import type { Socket } from "@/api/shapes";
import { Panel } from "@/ui/card";
import { Shown } from "@/ui/state";
import { counted } from "@/ui/words";

/** What is kept, where, and every open socket. */
export function Privacy() {
  return (
    <Shown query={usePrivacy()} what="Privacy" lines={8}>
      {(page) => (
        <div className="flex flex-col gap-5">
          <Panel title="What is kept">
            <ul className="flex flex-col gap-2 pt-1">
              <Kept on={page.keeps_history} yes={kept(page.history_days)} no="No words are kept" />
              <Kept on={page.keeps_recordings} yes="The sound of each turn is kept" no="No sound is kept" />
            </ul>
            <dl className="mt-4 grid gap-x-6 gap-y-2 border-t pt-4 text-xs sm:grid-cols-[auto_minmax(0,1fr)]">
              {Object.entries(page.places).map(([what, where]) => (
                <div key={what} className="contents">
                  <dt className="text-faint">{what}</dt>
                  <dd className="font-mono break-all text-soft max-sm:mb-1.5">{where}</dd>
                </div>
              ))}
            </dl>
          </Panel>
          <Panel title="Every open socket" aside={<span className="label">read again every ten seconds</span>}>
            <Sockets sockets={page.sockets} />
          </Panel>
        </div>
      )}
    </Shown>
  );
}

function kept(days: number): string {
  return days === 0 ? "Words are kept until you delete them" : `Words are kept for ${counted(days, "day")}`;
}

function Kept({ on, yes, no }: { on: boolean; yes: string; no: string }) {
  const Icon = on ? CircleDot : CircleCheck;
  return (
    <li className="flex items-center gap-2.5">
      <Icon aria-hidden className={`size-4 ${on ? "text-jet" : "text-good"}`} /> {on ? yes : no}
    </li>
  );
}

const CELL = "py-2 pr-4 align-top";

function Sockets({ sockets }: { sockets: readonly Socket[] }) {
  if (sockets.length === 0) return <p className="py-2 text-faint">None is open.</p>;
  return (
    <div tabIndex={0} role="region" aria-label="Sockets" className="overflow-x-auto">
      <table className="w-full min-w-xl text-left text-xs">
        <thead className="label">
          <tr className="border-b">
            {["Process", "Here", "There", "State", "Why"].map((name) => (
              <th key={name} scope="col" className="py-2 pr-4 font-medium">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {sockets.map((socket) => (
            <tr key={`${socket.process} ${socket.protocol} ${socket.local} ${socket.remote}`}>
              <td className={CELL}>{socket.process}</td>
              <td className={`${CELL} font-mono whitespace-nowrap text-soft`}>{socket.local}</td>
              <td className={`${CELL} font-mono whitespace-nowrap text-soft`}>{socket.remote || "–"}</td>
              <td className={`${CELL} text-faint`}>
                {socket.protocol} {socket.state}
              </td>
              <td className={`${CELL} text-soft`}>{socket.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
