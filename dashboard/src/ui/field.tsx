import type { ComponentProps } from "react";

import { cn } from "./cn";

const BOX =
  "h-9 w-full min-w-0 rounded-lg border border-edge/60 bg-ground px-3 text-sm text-ink placeholder:text-faint disabled:opacity-50 aria-invalid:border-bad";

/** One line of text. */
export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={cn(BOX, className)} {...rest} />;
}

/** Some lines of text. */
export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={cn(BOX, "h-auto min-h-20 py-2", className)} {...rest} />;
}

/** One of a few. The browser's own list: it works with every keyboard, reader and phone. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={cn(BOX, "pr-8", className)} {...rest} />;
}
