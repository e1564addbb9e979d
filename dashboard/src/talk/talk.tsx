"use client";

import { Bug, CircleAlert } from "lucide-react";
import { useCallback, useRef, useState } from "react";

import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Skeleton } from "@/ui/state";

import { Composer } from "./composer";
import { Controls } from "./controls";
import type { Conversation } from "./conversation";
import { DebugDrawer } from "./debug-drawer";
import { mood, type Mood } from "./dialogue";
import { Orb } from "./orb";
import { RoomState } from "./room-state";
import { Transcript } from "./transcript";
import { useConversation, useSeen } from "./use-conversation";
import { useKeys } from "./use-keys";

/** The page to talk on. */
export function Talk() {
  const conversation = useConversation();
  if (conversation) return <Stage conversation={conversation} />;
  return (
    <div className="flex flex-1 items-center justify-center">
      <h1 className="sr-only">Talk</h1>
      <Skeleton className="size-40 rounded-full" />
    </div>
  );
}

function Stage({ conversation }: { conversation: Conversation }) {
  const [debug, setDebug] = useState(false);
  const state = useSeen(conversation, (seen) => seen.state);
  const begin = useCallback(() => void started(conversation), [conversation]);
  const bug = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => {
    if (debug) bug.current?.focus();
    setDebug(false);
    return debug;
  }, [debug]);
  useKeys(conversation, begin, close);
  return (
    <div className="flex min-h-0 flex-none flex-col max-md:h-[calc(100dvh-4rem)] md:h-dvh">
      <h1 className="sr-only">Talk</h1>
      <div className="flex min-h-0 flex-1 flex-col xl:flex-row">
        <div className="flex min-h-0 shrink-0 flex-col items-center justify-center gap-5 px-5 pt-4 pb-4 xl:flex-1 xl:gap-7">
          <div
            className={cn(
              "w-44 short:w-28 sm:w-56 xl:w-[min(46vh,26rem)]",
              debug && "max-xl:hidden xl:w-[min(30vh,26rem)]",
            )}
          >
            <Orb conversation={conversation} />
          </div>
          <Caption conversation={conversation} />
          <Controls conversation={conversation} begin={begin} />
          <Hint conversation={conversation} />
          <RoomState />
        </div>
        <aside
          aria-label="Transcript"
          className="flex min-h-0 flex-1 flex-col border-t xl:max-w-md xl:border-t-0 xl:border-l"
        >
          <header className="flex h-12 shrink-0 items-center justify-between pr-3 pl-5">
            <h2 className="font-medium">Transcript</h2>
            <Button
              ref={bug}
              look="ghost"
              size="icon"
              aria-label="Debug drawer"
              aria-expanded={debug}
              aria-controls={debug ? "debug" : undefined}
              onClick={() => setDebug(!debug)}
            >
              <Bug aria-hidden />
            </Button>
          </header>
          <Transcript lines={state.lines} />
          <div className="shrink-0 p-4 pt-2">
            <Composer conversation={conversation} />
          </div>
        </aside>
      </div>
      {debug && <DebugDrawer state={state} />}
    </div>
  );
}

/** With the microphone; in the middle of a typed conversation the microphone is only added. */
async function started(conversation: Conversation): Promise<void> {
  if (conversation.state.phase === "live") await conversation.addEar();
  else await conversation.begin({ ear: true });
}

const SAYS: Record<Mood, string> = {
  away: "Ready when you are",
  connecting: "Reaching Jett",
  listening: "Listening",
  hearing: "I hear you",
  thinking: "Thinking",
  speaking: "Speaking",
};

/** The mood in words, or what went wrong. */
function Caption({ conversation }: { conversation: Conversation }) {
  const now = useSeen(conversation, ({ state }) => mood(state));
  const trouble = useSeen(conversation, ({ state }) => state.trouble);
  const hasEar = useSeen(conversation, (seen) => seen.hasEar);
  const muted = useSeen(conversation, ({ wishes }) => wishes.muted);
  const deaf = hasEar ? muted && "Muted" : "The microphone is off";
  return (
    <div className="flex min-h-8 flex-col items-center gap-2 text-center">
      <p role="status" className="text-xl font-medium tracking-tight xl:text-2xl">
        {(now === "listening" && deaf) || SAYS[now]}
      </p>
      {trouble && (
        <p role="alert" className="flex max-w-md items-start gap-2 text-balance text-warn">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" /> {trouble}
        </p>
      )}
    </div>
  );
}

function Hint({ conversation }: { conversation: Conversation }) {
  const talks = useSeen(conversation, ({ state, hasEar }) => state.phase === "live" && hasEar);
  const push = useSeen(conversation, ({ wishes }) => wishes.mode === "push");
  const space = !talks ? "to begin" : push ? "held to talk" : "to mute";
  return (
    <p className="text-xs text-faint max-xl:hidden">
      <Key>Space</Key> {space} <span className="mx-2 text-line">·</span> <Key>Esc</Key> to leave
    </p>
  );
}

function Key({ children }: { children: string }) {
  return (
    <kbd className="rounded-md border border-edge/60 bg-raised px-1.5 py-0.5 font-mono text-2xs text-soft">
      {children}
    </kbd>
  );
}
