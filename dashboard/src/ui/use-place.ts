"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useCallback } from "react";

type Place = {
  get: (name: string) => string;
  number: (name: string) => number | null;
  go: (place: Record<string, string | number>) => void;
};

/** Where on a page one is, kept in the address: `?id=7&tab=audit`. `go` replaces all of it. */
export function usePlace(): Place {
  const parameters = useSearchParams();
  const router = useRouter();
  const get = useCallback((name: string) => parameters.get(name) ?? "", [parameters]);
  const number = useCallback((name: string) => (/^\d+$/.test(get(name)) ? Number(get(name)) : null), [get]);
  const go = useCallback(
    (place: Record<string, string | number>) => {
      const query = new URLSearchParams(Object.entries(place).map(([key, value]) => [key, String(value)])).toString();
      router.push(`${window.location.pathname}${query ? `?${query}` : ""}`, { scroll: false });
    },
    [router],
  );
  return { get, number, go };
}
