import type { Deleted } from "@/api/shapes";
import { toast } from "@/ui/toasts";

/** Says what is gone, and what of it can still be read out of a file for a while. */
export function tellDeleted(what: string, gone: Deleted): void {
  toast(what, "good");
  if (gone.traces) toast(`Not every trace is gone yet: ${gone.traces}`, "bad");
}
