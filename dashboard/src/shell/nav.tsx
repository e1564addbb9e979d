"use client";

import { Boxes, Gauge, History, MessagesSquare, SlidersHorizontal, type LucideIcon } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";

import { useQuestions, useStatus } from "@/api/queries";
import { cn } from "@/ui/cn";

import { Mark } from "./mark";
import { Presence } from "./presence";

const PAGES: { href: string; name: string; icon: LucideIcon }[] = [
  { href: "/", name: "Talk", icon: MessagesSquare },
  { href: "/dashboard/", name: "Dashboard", icon: Gauge },
  { href: "/containers/", name: "Containers", icon: Boxes },
  { href: "/history/", name: "History", icon: History },
  { href: "/settings/", name: "Settings", icon: SlidersHorizontal },
];

/** The five pages: at the left, on a phone at the bottom. */
export function Nav() {
  return (
    <header className="z-30 border-line bg-ground max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:border-t md:sticky md:top-0 md:flex md:h-dvh md:w-52 md:shrink-0 md:flex-col md:border-r md:px-3 md:py-5">
      <Link href="/" className="mb-7 flex items-center gap-2.5 rounded-lg px-3 max-md:hidden">
        <Mark />
        <span className="text-lg font-semibold tracking-tight">Jett</span>
      </Link>
      <nav aria-label="Pages">
        <ul className="flex max-md:justify-around max-md:pb-[env(safe-area-inset-bottom)] md:flex-col md:gap-1">
          {PAGES.map((page) => (
            <Item key={page.href} {...page} />
          ))}
        </ul>
      </nav>
      <Presence className="mt-auto max-md:hidden" />
    </header>
  );
}

function Item({ href, name, icon: Icon }: (typeof PAGES)[number]) {
  const here = usePathname() === href;
  return (
    <li className="max-md:flex-1">
      <Link
        href={href}
        aria-current={here ? "page" : undefined}
        className={cn(
          "relative flex items-center gap-3 rounded-lg font-medium text-faint transition-colors hover:text-ink max-md:flex-col max-md:gap-1 max-md:py-2.5 max-md:text-2xs md:px-3 md:py-2",
          here && "text-ink md:bg-lifted max-md:text-jet",
        )}
      >
        <Icon aria-hidden className={cn("size-4.5 max-md:size-5", here && "text-jet")} strokeWidth={1.75} />
        {name}
        <Waiting page={href} />
      </Link>
    </li>
  );
}

/** How much waits there for the owner. */
function Waiting({ page }: { page: string }) {
  const questions = useQuestions().data?.questions.length ?? 0;
  const troubles = useStatus().data?.troubles.length ?? 0;
  const count = page === "/containers/" ? questions : page === "/dashboard/" ? troubles : 0;
  if (count === 0) return null;
  return (
    <span className="rounded-full bg-warn px-1.5 text-2xs font-semibold text-jet-ink tabular-nums max-md:absolute max-md:top-1.5 max-md:left-1/2 max-md:ml-2 md:ml-auto">
      {count}
      <span className="sr-only">{page === "/containers/" ? " waiting for your answer" : " troubles"}</span>
    </span>
  );
}
