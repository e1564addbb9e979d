"use client";

import { MessagesSquare, Search } from "lucide-react";
import { useState } from "react";

import { flattened } from "@/api/cursors";
import { useConversations } from "@/api/queries";
import type { Conversation } from "@/api/shapes";
import { Badge } from "@/ui/badge";
import { cn } from "@/ui/cn";
import { Input } from "@/ui/field";
import { More } from "@/ui/more";
import { Empty, Shown } from "@/ui/state";
import { useLater } from "@/ui/use-later";
import { usePlace } from "@/ui/use-place";
import { counted, day, timeOfDay } from "@/ui/words";

import { ConversationView } from "./conversation-view";
import { Found } from "./found";
import { OneTurn } from "./one-turn";

/** The list, and beside it (on a phone: instead of it) what was chosen. */
export function Conversations() {
  const { number } = usePlace();
  const [text, setText] = useState("");
  const wanted = useLater(text.trim());
  const id = number("id");
  const turn = number("turn");
  const chosen = id !== null || turn !== null;
  return (
    <div className="grid gap-6 lg:grid-cols-[20rem_minmax(0,1fr)]">
      <div className={cn("flex min-w-0 flex-col gap-3", chosen && "max-lg:hidden")}>
        <div className="relative">
          <Search aria-hidden className="absolute top-2.5 left-3 size-4 text-faint" />
          <Input
            type="search"
            aria-label="Search in all turns"
            placeholder="Search what was said"
            className="pl-9"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        {wanted ? <Found wanted={wanted} /> : <List chosen={id} />}
      </div>
      <div className={cn("min-w-0", !chosen && "max-lg:hidden")}>
        {turn !== null ? <OneTurn id={turn} /> : id !== null ? <ConversationView id={id} /> : <Nothing />}
      </div>
    </div>
  );
}

function Nothing() {
  return (
    <div className="rounded-xl border border-dashed">
      <Empty icon={MessagesSquare} title="Choose a conversation">
        Its turns show here, each with where its time went.
      </Empty>
    </div>
  );
}

function List({ chosen }: { chosen: number | null }) {
  const pages = useConversations();
  const data =
    pages.data &&
    flattened(
      pages.data.pages,
      (page) => page.conversations,
      (one) => one.id,
    );
  return (
    <Shown query={{ ...pages, data }} what="Conversations" lines={6}>
      {(conversations) =>
        conversations.length === 0 ? (
          <Empty icon={MessagesSquare} title="Nothing was said yet">
            Talk to Jett, and it is found here.
          </Empty>
        ) : (
          <div>
            <ul className="flex flex-col gap-1">
              {conversations.map((one) => (
                <Row key={one.id} conversation={one} here={one.id === chosen} />
              ))}
            </ul>
            <More pages={pages} />
          </div>
        )
      }
    </Shown>
  );
}

function Row({ conversation, here }: { conversation: Conversation; here: boolean }) {
  const { go } = usePlace();
  return (
    <li>
      <button
        type="button"
        aria-current={here || undefined}
        onClick={() => go({ id: conversation.id })}
        className={cn(
          "w-full rounded-lg border border-transparent px-3 py-2.5 text-left hover:bg-raised",
          here && "border-line bg-raised",
        )}
      >
        <span className="line-clamp-2 font-medium break-words">{conversation.first_words || "No words"}</span>
        <span className="mt-1 flex items-center gap-2 text-xs text-faint">
          {day(conversation.started_at)}, {timeOfDay(conversation.started_at).slice(0, 5)}
          <Badge>{conversation.source}</Badge>
          <span className="ml-auto">{conversation.ended_at ? counted(conversation.turns, "turn") : "now"}</span>
        </span>
      </button>
    </li>
  );
}
