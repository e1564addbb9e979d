"use client";

import { WifiOff } from "lucide-react";
import { useEffect, useState } from "react";

import { useLink } from "@/api/live";

const PATIENCE_MS = 1500;

/** Says that Jett is out of reach, once that has lasted; goes away by itself. */
export function Lost() {
  const lost = useLink() === "lost";
  const [told, setTold] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setTold(lost), lost ? PATIENCE_MS : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div role="status">
      {lost && told && (
        <p className="flex items-center justify-center gap-2.5 border-b border-warn/30 bg-warn/12 px-4 py-2 text-center text-warn">
          <WifiOff aria-hidden className="size-4 shrink-0" />
          Jett is out of reach. What you see is as it was; this page comes back by itself.
        </p>
      )}
    </div>
  );
}
