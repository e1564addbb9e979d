import { CircleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import { troubleOf } from "@/api/trouble";

import { Button } from "./button";
import { cn } from "./cn";

/** A place where something will be. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn("animate-breathe rounded-lg bg-lifted", className)} />;
}

/** Some lines that are on their way. */
export function Loading({ lines = 4, what }: { lines?: number; what: string }) {
  return (
    <div role="status" className="flex flex-col gap-2.5 py-1">
      <span className="sr-only">{what} is being read</span>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} className="h-11" />
      ))}
    </div>
  );
}

/** Nothing is here, and how something would come. */
export function Empty({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center justify-center gap-1.5 px-6 py-10 text-center">
      <Icon aria-hidden className="mb-1.5 size-6 text-faint" strokeWidth={1.5} />
      <p className="font-medium text-soft">{title}</p>
      {children && <p className="max-w-sm text-sm text-balance text-faint">{children}</p>}
    </div>
  );
}

/** It did not work: what, what to do, and once more. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const { what, fix } = troubleOf(error);
  return (
    <div role="alert" className="flex items-start gap-3 rounded-lg border border-bad/30 bg-bad/8 p-3.5">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words text-ink">{what}</p>
        {fix && <p className="mt-0.5 break-words text-soft">{fix}</p>}
      </div>
      {again && (
        <Button size="small" onClick={again}>
          Try again
        </Button>
      )}
    </div>
  );
}

type Read<T> = { data: T | undefined; error: unknown; refetch: () => unknown };

/** What a query has: the data if there is any (old data is better than none), else its error, else its place. */
export function Shown<T>({
  query,
  what,
  lines,
  children,
}: {
  query: Read<T>;
  what: string;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} again={() => void query.refetch()} />;
  return <Loading what={what} {...(lines === undefined ? {} : { lines })} />;
}
