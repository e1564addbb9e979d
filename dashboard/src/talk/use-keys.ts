"use client";

import { useEffect } from "react";

import type { Conversation } from "./conversation";

const TAKES_KEYS = "input, textarea, select, button, a, summary, [role=tab], [role=switch], [role=dialog]";

/**
 * Space begins; in an open conversation it mutes and unmutes, with push to talk it is held to speak. Escape closes
 * what lies open (`close` says whether something did), else it leaves. Where a key means something to what has the focus, it
 * means only that.
 */
export function useKeys(conversation: Conversation, begin: () => void, close: () => boolean): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !isInDialog(event))
        return close() ? undefined : conversation.leave();
      if (event.code !== "Space" || takesKeys(event)) return undefined;
      event.preventDefault();
      if (!event.repeat) space(conversation, begin);
      return undefined;
    };
    const up = (event: KeyboardEvent) => event.code === "Space" && conversation.hold(false);
    const blur = () => conversation.hold(false);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", blur);
    return () => {
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", blur);
    };
  }, [conversation, begin, close]);
}

function space(conversation: Conversation, begin: () => void): void {
  const { phase } = conversation.state;
  if (phase === "connecting") return;
  if (phase !== "live" || !conversation.hasEar) return begin();
  if (conversation.wishes.mode === "push") return conversation.hold(true);
  void conversation.wish({ muted: !conversation.wishes.muted });
}

function takesKeys({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || (target instanceof Element && target.closest(TAKES_KEYS) !== null);
}

function isInDialog({ target }: KeyboardEvent): boolean {
  return target instanceof Element && target.closest("[role=dialog]") !== null;
}
