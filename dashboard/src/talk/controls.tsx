"use client";

import { Hand, Mic, MicOff, PhoneOff, Square } from "lucide-react";

import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";

import type { Conversation } from "./conversation";
import { speaking } from "./dialogue";
import { SoundMenu } from "./sound-menu";
import { useSeen } from "./use-conversation";

/** Begin; then mute or hold to talk, silence, leave. */
export function Controls({ conversation, begin }: { conversation: Conversation; begin: () => void }) {
  const phase = useSeen(conversation, ({ state }) => state.phase);
  const ear = useSeen(conversation, ({ hasEar }) => hasEar);
  const push = useSeen(conversation, ({ wishes }) => wishes.mode === "push");
  const replies = useSeen(conversation, ({ state }) => speaking(state));
  const live = phase === "live";
  return (
    <div className="flex items-center justify-center gap-2.5">
      <SoundMenu conversation={conversation} />
      {live && ear ? (
        push ? (
          <Hold conversation={conversation} />
        ) : (
          <Mute conversation={conversation} />
        )
      ) : (
        <Begin begin={begin} busy={phase === "connecting"} />
      )}
      {live && (
        <Button
          look="plain"
          size="icon"
          className="size-11 rounded-full"
          aria-label="Silence the reply"
          disabled={!replies}
          onClick={() => conversation.stop()}
        >
          <Square aria-hidden className="fill-current" />
        </Button>
      )}
      {live && (
        <Button
          look="danger"
          size="icon"
          className="size-11 rounded-full"
          aria-label="Leave the conversation"
          onClick={() => conversation.leave()}
        >
          <PhoneOff aria-hidden />
        </Button>
      )}
    </div>
  );
}

const LARGE = "h-13 min-w-44 rounded-full px-7 text-base [&_svg]:size-5";

function Begin({ begin, busy }: { begin: () => void; busy: boolean }) {
  return (
    <Button look="primary" className={LARGE} disabled={busy} onClick={begin}>
      <Mic aria-hidden /> {busy ? "Reaching Jett…" : "Talk to Jett"}
    </Button>
  );
}

function Mute({ conversation }: { conversation: Conversation }) {
  const muted = useSeen(conversation, ({ wishes }) => wishes.muted);
  const Icon = muted ? MicOff : Mic;
  return (
    <Button
      aria-pressed={muted}
      className={cn(LARGE, muted && "border-warn/50 bg-warn/12 text-warn hover:bg-warn/20")}
      onClick={() => void conversation.wish({ muted: !muted })}
    >
      <Icon aria-hidden /> {muted ? "Muted" : "Mute"}
    </Button>
  );
}

function Hold({ conversation }: { conversation: Conversation }) {
  const holding = useSeen(conversation, (seen) => seen.holding);
  const release = () => conversation.hold(false);
  const isPress = (key: string) => key === " " || key === "Enter";
  return (
    <Button
      look="primary"
      aria-pressed={holding}
      className={cn(LARGE, "touch-none select-none", holding && "ring-4 ring-jet/35")}
      onPointerDown={() => conversation.hold(true)}
      onPointerUp={release}
      onPointerCancel={release}
      onPointerLeave={release}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => isPress(event.key) && !event.repeat && conversation.hold(true)}
      onKeyUp={(event) => isPress(event.key) && release()}
    >
      <Hand aria-hidden /> {holding ? "Let go to send" : "Hold to talk"}
    </Button>
  );
}
