"use client";

import { useEffect, useState, useSyncExternalStore } from "react";

import { Conversation } from "./conversation";

/** The page's conversation; it is left with the page. Null while the page is made without a browser. */
export function useConversation(): Conversation | null {
  const [conversation, setConversation] = useState<Conversation | null>(null);
  useEffect(() => {
    const made = new Conversation();
    // eslint-disable-next-line react-hooks/set-state-in-effect -- it exists only in a browser
    setConversation(made);
    return () => made.leave();
  }, []);
  return conversation;
}

/** The part of the conversation that a component shows. The value must be one that stays the same while it is. */
export function useSeen<T>(conversation: Conversation, see: (conversation: Conversation) => T): T {
  const look = () => see(conversation);
  return useSyncExternalStore(conversation.watch, look, look);
}
