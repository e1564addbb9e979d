"use client";

import { Play, RotateCw, Square, type LucideIcon } from "lucide-react";
import { useState } from "react";

import { ask, type Action } from "@/api/changes";
import { keys, useChange } from "@/api/queries";
import type { ChangeAsked, Container } from "@/api/shapes";
import { troubleOf } from "@/api/trouble";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toasts";

import { QuestionDialog } from "./questions";

const ACTIONS: { action: Action; name: string; icon: LucideIcon; fits: (state: string) => boolean }[] = [
  { action: "start", name: "Start", icon: Play, fits: (state) => state !== "running" && state !== "absent" },
  { action: "restart", name: "Restart", icon: RotateCw, fits: (state) => state === "running" },
  { action: "stop", name: "Stop", icon: Square, fits: (state) => state === "running" || state === "restarting" },
];

/** What the guard would let this browser do. Nothing is done before the question that follows is answered. */
export function Actions({ container, busy }: { container: Container; busy: boolean }) {
  const [question, setQuestion] = useState<ChangeAsked | null>(null);
  const asking = useChange(ask, keys.questions);
  const press = (action: Action) =>
    asking.mutate(
      { name: container.name, action },
      { onSuccess: setQuestion, onError: (error) => toast(told(error), "bad") },
    );
  return (
    <>
      {ACTIONS.filter(({ fits }) => fits(container.state)).map(({ action, name, icon: Icon }) => {
        const permission = container.permissions.find(({ verb }) => verb === action);
        if (!permission) return null;
        const denied = permission.verdict === "deny";
        return (
          <Button
            key={action}
            size="small"
            aria-label={`${name} ${container.name}`}
            disabled={denied || busy || asking.isPending}
            title={denied ? permission.reason : undefined}
            onClick={() => press(action)}
          >
            <Icon aria-hidden /> {name}
          </Button>
        );
      })}
      {question && <QuestionDialog question={question} onClose={() => setQuestion(null)} />}
    </>
  );
}

function told(error: unknown): string {
  const { what, fix } = troubleOf(error);
  return fix ? `${what}. ${fix}` : what;
}
