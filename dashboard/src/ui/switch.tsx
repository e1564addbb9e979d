import { Switch as Radix } from "radix-ui";
import type { ComponentProps } from "react";

import { cn } from "./cn";

/** On or off, at once. */
export function Switch({ className, ...rest }: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      className={cn(
        "h-5.5 w-9.5 shrink-0 rounded-full border border-edge bg-ground transition-colors data-[state=checked]:border-jet data-[state=checked]:bg-jet disabled:opacity-45",
        className,
      )}
      {...rest}
    >
      <Radix.Thumb className="block size-4 translate-x-0.5 rounded-full bg-soft transition-transform data-[state=checked]:translate-x-4.5 data-[state=checked]:bg-jet-ink" />
    </Radix.Root>
  );
}
