"use client";

import { useState } from "react";

import { changeSettings } from "@/api/changes";
import { keys, useChange } from "@/api/queries";
import type { Setting } from "@/api/shapes";
import { toast } from "@/ui/toasts";

import { drafted, type Draft } from "./draft";

/** Changes that wait to be saved: all of them are taken, or none. */
export function useDraft() {
  const [draft, setDraft] = useState<Draft>({});
  const saving = useChange(changeSettings, keys.settings, keys.status, keys.voices, keys.wake);
  const save = () =>
    saving.mutate(draft, {
      onSuccess: ({ restart }) => {
        setDraft({});
        toast(
          restart.length > 0 ? `Saved. After a restart: ${restart.join(", ")}` : "Saved, and it counts now",
          "good",
        );
      },
    });
  const discard = () => {
    saving.reset();
    setDraft({});
  };
  const change = (setting: Setting, value: unknown) => setDraft((before) => drafted(before, setting, value));
  return { draft, change, save, discard, busy: saving.isPending, error: saving.error };
}
