"use client";

import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";

import { abreast, NAMES, outdated, parsed, patience, type LiveEvent } from "./live-events";
import { keys } from "./queries";
import type { Status } from "./shapes";

export type Link = "connecting" | "open" | "lost";

type Listener = (event: LiveEvent) => void;

/**
 * One EventSource for all pages. It comes back by itself, with the last event's id, when the connection breaks; where the
 * browser gives up (a proxy's error, a server that is starting), a new one is opened after a while.
 */
class Live {
  link: Link = "connecting";
  private source: EventSource | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();

  constructor(private readonly onReturn: () => void) {}

  open(): void {
    const source = new EventSource("/api/live");
    this.source = source;
    source.onopen = () => this.opened();
    source.onerror = () => this.broke(source);
    for (const name of NAMES) source.addEventListener(name, (event) => this.tell(parsed(name, event.data)));
  }

  close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  private opened(): void {
    const back = this.link === "lost";
    this.attempt = 0;
    this.become("open");
    if (back) this.onReturn();
  }

  private broke(source: EventSource): void {
    this.become("lost");
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    this.timer = setTimeout(() => this.open(), patience(this.attempt++));
  }

  private tell(event: LiveEvent | null): void {
    if (event) for (const listener of this.listeners) listener(event);
  }

  private become(link: Link): void {
    this.link = link;
    for (const watcher of this.watchers) watcher();
  }
}

const Context = createContext<Live | null>(null);

/** Opens the live events, and has what they make out of date read again. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live] = useState(() => new Live(() => void client.invalidateQueries()));
  useEffect(() => {
    live.open();
    const stop = live.subscribe((event) => {
      client.setQueryData<Status>(keys.status, (status) => abreast(status, event));
      for (const queryKey of outdated(event.event)) void client.invalidateQueries({ queryKey });
    });
    return () => {
      stop();
      live.close();
    };
  }, [live, client]);
  return <Context value={live}>{children}</Context>;
}

/** Whether live events arrive. */
export function useLink(): Link {
  const live = useLive();
  return useSyncExternalStore(
    live.watch,
    () => live.link,
    () => "connecting",
  );
}

/** Calls `listener` with each event while the component is there. */
export function useLiveEvents(listener: Listener): void {
  const live = useLive();
  useEffect(() => live.subscribe(listener), [live, listener]);
}

function useLive(): Live {
  const live = useContext(Context);
  if (!live) throw new Error("no LiveProvider above");
  return live;
}
