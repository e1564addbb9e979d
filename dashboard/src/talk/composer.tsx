"use client";

import { ArrowUp } from "lucide-react";
import { useState, type FormEvent } from "react";

import { Button } from "@/ui/button";
import { Input } from "@/ui/field";

import type { Conversation } from "./conversation";

const LONGEST = 2000;

/** A message that is typed; begins a conversation without a microphone where there is none. */
export function Composer({ conversation }: { conversation: Conversation }) {
  const [text, setText] = useState("");
  const send = (event: FormEvent) => {
    event.preventDefault();
    const message = text.trim();
    if (!message) return;
    setText("");
    conversation.say(message);
  };
  return (
    <form onSubmit={send} className="relative">
      <Input
        aria-label="Message to Jett"
        placeholder="Or type…"
        value={text}
        maxLength={LONGEST}
        autoComplete="off"
        enterKeyHint="send"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && text && (event.preventDefault(), setText(""))}
        className="h-11 rounded-full bg-raised pr-12 pl-5"
      />
      <Button
        type="submit"
        look="primary"
        size="icon"
        aria-label="Send"
        disabled={!text.trim()}
        className="absolute top-1 right-1 rounded-full"
      >
        <ArrowUp aria-hidden />
      </Button>
    </form>
  );
}
