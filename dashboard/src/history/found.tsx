"use client";

import { SearchX } from "lucide-react";

import { flattened } from "@/api/cursors";
import { useTurns } from "@/api/queries";
import { More } from "@/ui/more";
import { Empty, Shown } from "@/ui/state";
import { usePlace } from "@/ui/use-place";
import { moment } from "@/ui/words";

import { excerpt } from "./excerpt";

/** Turns in which something was said, best first. */
export function Found({ wanted }: { wanted: string }) {
  const { go } = usePlace();
  const pages = useTurns(wanted);
  const data =
    pages.data &&
    flattened(
      pages.data.pages,
      (page) => page.turns,
      (turn) => turn.id,
    );
  return (
    <Shown query={{ ...pages, data }} what="Turns" lines={6}>
      {(turns) =>
        turns.length === 0 ? (
          <Empty icon={SearchX} title="Nobody said that">
            Other words may find it.
          </Empty>
        ) : (
          <div>
            <ul className="flex flex-col gap-1">
              {turns.map((turn) => (
                <li key={turn.id}>
                  <button
                    type="button"
                    onClick={() => go({ turn: turn.id })}
                    className="w-full rounded-lg px-3 py-2.5 text-left hover:bg-raised"
                  >
                    <span className="line-clamp-3 break-words text-soft">
                      <Marked text={turn.excerpt || turn.transcript} />
                    </span>
                    <span className="mt-1 block text-xs text-faint">{moment(turn.at)}</span>
                  </button>
                </li>
              ))}
            </ul>
            <More pages={pages} />
          </div>
        )
      }
    </Shown>
  );
}

function Marked({ text }: { text: string }) {
  return excerpt(text).map((piece, index) =>
    index % 2 === 1 ? (
      <mark key={index} className="rounded-sm bg-jet/25 text-ink">
        {piece}
      </mark>
    ) : (
      piece
    ),
  );
}
