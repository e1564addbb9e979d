import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";

import { cn } from "./cn";

const looks = cva(
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors disabled:pointer-events-none disabled:opacity-45 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        plain: "border bg-raised text-ink hover:bg-lifted hover:border-edge",
        primary: "bg-jet text-jet-ink hover:bg-jet/85",
        ghost: "text-soft hover:bg-lifted hover:text-ink",
        danger: "border border-bad/40 bg-bad/10 text-bad hover:bg-bad/20",
      },
      size: { small: "h-8 px-3 text-xs", normal: "h-9 px-3.5 text-sm", large: "h-11 px-5 text-sm", icon: "size-9" },
    },
    defaultVariants: { look: "plain", size: "normal" },
  },
);

type Props = ComponentProps<"button"> & VariantProps<typeof looks> & { asChild?: boolean };

/** A button, or with `asChild` a link that looks like one. */
export function Button({ look, size, asChild = false, className, type, ...rest }: Props) {
  const Element = asChild ? Slot.Root : "button";
  return (
    <Element type={asChild ? type : (type ?? "button")} className={cn(looks({ look, size }), className)} {...rest} />
  );
}
