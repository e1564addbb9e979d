import { clsx, type ClassValue } from "clsx";
import { twMerge } from "tailwind-merge";

/** Class names; of two that contradict, the later one counts. */
export function cn(...names: ClassValue[]): string {
  return twMerge(clsx(names));
}
