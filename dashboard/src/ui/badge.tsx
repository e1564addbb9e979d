import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";

import { cn } from "./cn";

const looks = cva("inline-flex items-center gap-1.5 rounded-md px-1.5 py-0.5 text-xs font-medium whitespace-nowrap", {
  variants: {
    tone: {
      quiet: "bg-lifted text-soft",
      good: "bg-good/12 text-good",
      warn: "bg-warn/12 text-warn",
      bad: "bg-bad/12 text-bad",
      jet: "bg-jet/12 text-jet",
    },
  },
  defaultVariants: { tone: "quiet" },
});

export type Tone = NonNullable<VariantProps<typeof looks>["tone"]>;

/** A word about a state. Colour never stands alone. */
export function Badge({ tone, className, ...rest }: ComponentProps<"span"> & VariantProps<typeof looks>) {
  return <span className={cn(looks({ tone }), className)} {...rest} />;
}

const DOTS: Record<Tone, string> = {
  quiet: "bg-edge",
  good: "bg-good",
  warn: "bg-warn",
  bad: "bg-bad",
  jet: "bg-jet",
};

/** The dot beside a word that says the same. */
export function Dot({ tone, className }: { tone: Tone; className?: string }) {
  return <span aria-hidden className={cn("inline-block size-2 shrink-0 rounded-full", DOTS[tone], className)} />;
}
