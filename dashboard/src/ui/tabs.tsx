import { Tabs as Radix } from "radix-ui";
import type { ComponentProps } from "react";

import { cn } from "./cn";

export const Tabs = Radix.Root;

/** On a phone in as many rows as it takes: what lies outside the screen is not found. */
export function TabList({ className, ...rest }: ComponentProps<typeof Radix.List>) {
  return <Radix.List className={cn("-mx-1 flex flex-wrap gap-x-1 border-b px-1", className)} {...rest} />;
}

export function Tab({ className, ...rest }: ComponentProps<typeof Radix.Trigger>) {
  return (
    <Radix.Trigger
      className={cn(
        "-mb-px border-b-2 border-transparent px-3 py-2 text-sm font-medium whitespace-nowrap text-faint transition-colors hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-jet data-[state=active]:text-ink",
        className,
      )}
      {...rest}
    />
  );
}

export function TabPage({ className, ...rest }: ComponentProps<typeof Radix.Content>) {
  return <Radix.Content className={cn("pt-5 focus-visible:outline-none", className)} {...rest} />;
}
