"use client";

import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useSyncExternalStore } from "react";

type Tone = "good" | "bad" | "info";
type Toast = { id: number; text: string; tone: Tone };

const MOST = 4;
const STAYS_MS: Record<Tone, number> = { good: 5000, info: 6000, bad: 12000 };
const NONE: Toast[] = [];

let toasts = NONE;
let newest = 0;
const listeners = new Set<() => void>();

/** Says something in the corner for a while; a fifth sends the oldest away. */
export function toast(text: string, tone: Tone = "info"): void {
  const id = ++newest;
  put([...toasts.filter((other) => other.text !== text), { id, text, tone }].slice(-MOST));
  setTimeout(() => dismiss(id), STAYS_MS[tone]);
}

function dismiss(id: number): void {
  put(toasts.filter((one) => one.id !== id));
}

function put(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const ICONS = { good: CircleCheck, bad: CircleAlert, info: Info };
const COLOURS = { good: "text-good", bad: "text-bad", info: "text-jet" };

/** Where they appear. */
export function Toasts() {
  const shown = useSyncExternalStore(
    subscribe,
    () => toasts,
    () => NONE,
  );
  return (
    <div
      role="log"
      aria-label="Notices"
      className="pointer-events-none fixed inset-x-3 bottom-20 z-60 flex flex-col items-end gap-2 md:right-5 md:bottom-5 md:left-auto"
    >
      {shown.map(({ id, text, tone }) => {
        const Icon = ICONS[tone];
        return (
          <div
            key={id}
            className="pointer-events-auto flex w-full max-w-sm items-start gap-2.5 rounded-xl border border-edge/60 bg-lifted p-3 shadow-xl animate-rise"
          >
            <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${COLOURS[tone]}`} />
            <p className="min-w-0 flex-1 break-words">{text}</p>
            <button
              type="button"
              aria-label="Dismiss"
              className="rounded p-0.5 text-faint hover:text-ink"
              onClick={() => dismiss(id)}
            >
              <X aria-hidden className="size-4" />
            </button>
          </div>
        );
      })}
    </div>
  );
}
