"use client";

import { ArrowLeft, Trash2 } from "lucide-react";
import { useState } from "react";

import { deleteConversation } from "@/api/changes";
import { flattened } from "@/api/cursors";
import { keys, useChange, useConversation } from "@/api/queries";
import type { Conversation } from "@/api/shapes";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { More } from "@/ui/more";
import { Shown } from "@/ui/state";
import { usePlace } from "@/ui/use-place";
import { counted, moment } from "@/ui/words";

import { tellDeleted } from "./deleted";
import { TurnCard } from "./turn-card";

/** One conversation from its beginning to its end. */
export function ConversationView({ id }: { id: number }) {
  const pages = useConversation(id);
  const data = pages.data && {
    conversation: pages.data.pages[0]!.conversation,
    turns: flattened(
      pages.data.pages,
      (page) => page.turns,
      (turn) => turn.id,
    ),
  };
  return (
    <Shown query={{ ...pages, data }} what="Conversation" lines={5}>
      {({ conversation, turns }) => (
        <div className="flex flex-col gap-4">
          <Head conversation={conversation} />
          <ol className="flex flex-col gap-3">
            {turns.map((turn) => (
              <li key={turn.id}>
                <TurnCard turn={turn} open={turns.length === 1} />
              </li>
            ))}
          </ol>
          <More pages={pages} />
        </div>
      )}
    </Shown>
  );
}

function Head({ conversation }: { conversation: Conversation }) {
  return (
    <header className="flex items-start justify-between gap-3">
      <div className="flex min-w-0 items-center gap-2">
        <Back />
        <div>
          <h2 className="text-base font-semibold">{moment(conversation.started_at)}</h2>
          <p className="text-xs text-faint">
            {conversation.source}, {conversation.identity}, {counted(conversation.turns, "turn")}
            {conversation.ended_at ? "" : ", still going on"}
          </p>
        </div>
      </div>
      <Remove id={conversation.id} />
    </header>
  );
}

/** On a phone the list is behind. */
export function Back() {
  const { go } = usePlace();
  return (
    <Button look="ghost" size="icon" className="lg:hidden" aria-label="Back to the list" onClick={() => go({})}>
      <ArrowLeft aria-hidden />
    </Button>
  );
}

function Remove({ id }: { id: number }) {
  const { go } = usePlace();
  const [open, setOpen] = useState(false);
  const change = useChange(deleteConversation, keys.conversations, keys.turns);
  const yes = () =>
    change.mutate(id, {
      onSuccess: (gone) => {
        go({});
        tellDeleted("The conversation is deleted", gone);
      },
    });
  return (
    <>
      <Button size="small" look="ghost" onClick={() => setOpen(true)}>
        <Trash2 aria-hidden /> Delete
      </Button>
      {open && (
        <Confirm
          title="Delete this conversation?"
          description="Its turns and recordings, for good."
          deed="Delete"
          busy={change.isPending}
          error={change.error}
          onYes={yes}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
