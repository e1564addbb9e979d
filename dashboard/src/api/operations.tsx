"use client";

import { createContext, useCallback, useContext, useState, type ReactNode } from "react";

import { toast } from "@/ui/toasts";

import { useLiveEvents } from "./live";
import type { LiveEvent, Operation } from "./live-events";

const Context = createContext<Record<string, Operation>>({});

/** What is being done to which container, and how the last thing ended; says aloud how it ends. */
export function OperationsProvider({ children }: { children: ReactNode }) {
  const [operations, setOperations] = useState<Record<string, Operation>>({});
  const take = useCallback(({ event, data }: LiveEvent) => {
    if (event === "trouble") toast(data.message, "bad");
    if (event !== "operation") return;
    setOperations((before) => ({ ...before, [data.target]: data }));
    if (data.phase === "ended") toast(data.text, data.result === "done" ? "good" : "bad");
  }, []);
  useLiveEvents(take);
  return <Context value={operations}>{children}</Context>;
}

export const useOperations = () => useContext(Context);
