"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";

import { LiveProvider } from "@/api/live";
import { OperationsProvider } from "@/api/operations";
import { keys, useSession } from "@/api/queries";
import { asksWho, isSessionMissing, Trouble } from "@/api/trouble";
import { Toasts } from "@/ui/toasts";

import { Lost } from "./lost";
import { Mark } from "./mark";
import { Nav } from "./nav";
import { Alone, NoSession } from "./no-session";

const TRIES = 2;
const AGAIN_MS = 3000;

/** Asks again when there was no answer, never when it was a refusal; a refusal for want of a session ends the page. */
function client(): QueryClient {
  const refused = (error: unknown, key?: readonly unknown[]) => {
    if (asksWho(error, key)) void made.invalidateQueries({ queryKey: keys.session });
  };
  const retry = (count: number, error: unknown) => count < TRIES && !(error instanceof Trouble && error.status > 0);
  const made = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => refused(error, query.queryKey) }),
    mutationCache: new MutationCache({ onError: (error) => refused(error) }),
    defaultOptions: {
      queries: { retry, staleTime: 5000, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
  return made;
}

/** All that is around a page: the session, the live events, the pages' names, notices. */
export function Shell({ children }: { children: ReactNode }) {
  const [queries] = useState(client);
  return (
    <QueryClientProvider client={queries}>
      <Entrance>{children}</Entrance>
    </QueryClientProvider>
  );
}

function Entrance({ children }: { children: ReactNode }) {
  const session = useSession();
  if (session.error && isSessionMissing(session.error)) return <NoSession again={() => void session.refetch()} />;
  if (!session.data && session.error) return <Unreached again={() => void session.refetch()} />;
  if (!session.data) return <Opening />;
  return (
    <LiveProvider>
      <OperationsProvider>
        <a
          href="#page"
          className="fixed top-2 left-2 z-60 -translate-y-20 rounded-lg bg-jet px-4 py-2 font-medium text-jet-ink focus:translate-y-0"
        >
          Skip to the page
        </a>
        <div className="flex min-h-dvh flex-col md:flex-row">
          <Nav />
          <main id="page" tabIndex={-1} className="flex min-w-0 flex-1 flex-col pb-16 focus:outline-none md:pb-0">
            <Lost />
            {children}
          </main>
        </div>
        <Toasts />
      </OperationsProvider>
    </LiveProvider>
  );
}

function Opening() {
  return (
    <main className="flex min-h-dvh items-center justify-center" aria-busy>
      <h1 className="sr-only">Jett</h1>
      <p role="status" className="flex flex-col items-center gap-6 text-faint">
        <Mark className="h-14 w-10 animate-breathe" />
        Reaching Jett…
      </p>
    </main>
  );
}

function Unreached({ again }: { again: () => void }) {
  useEffect(() => {
    const timer = setTimeout(again, AGAIN_MS);
    return () => clearTimeout(timer);
  });
  return (
    <Alone title="Jett is out of reach">
      <p>Nothing answers at this address. This page tries again every few seconds.</p>
    </Alone>
  );
}
