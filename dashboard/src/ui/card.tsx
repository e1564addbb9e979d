import type { ComponentProps, ReactNode } from "react";

import { cn } from "./cn";

/** A raised surface. */
export function Card({ className, ...rest }: ComponentProps<"section">) {
  return <section className={cn("rounded-xl border bg-raised", className)} {...rest} />;
}

/** A card with a heading, what belongs to the heading's right, and its content. */
export function Panel({
  title,
  aside,
  children,
  className,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <Card className={cn("flex min-w-0 flex-col", className)} aria-label={title}>
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 pt-2 sm:px-5">
        <h2 className="text-sm font-medium text-ink">{title}</h2>
        {aside}
      </header>
      <div className="min-w-0 flex-1 px-4 pb-4 sm:px-5">{children}</div>
    </Card>
  );
}
