import { cn } from "@/ui/cn";

/** Jett's mark: a j whose dot is the orb that one talks to. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 20 28" aria-hidden className={cn("h-7 w-5", className)} fill="none">
      <circle cx="13" cy="4" r="3.4" className="fill-jet" />
      <path d="M13 11v9a6 6 0 0 1-10.4 4.1" className="stroke-ink" strokeWidth="3.6" strokeLinecap="round" />
    </svg>
  );
}
