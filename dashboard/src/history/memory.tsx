"use client";

import { Bookmark, Search, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";

import { forget, forgetAll, remember } from "@/api/changes";
import { flattened } from "@/api/cursors";
import { keys, useChange, useMemories } from "@/api/queries";
import type { Remembered } from "@/api/shapes";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Input } from "@/ui/field";
import { More } from "@/ui/more";
import { Empty, Failed, Shown } from "@/ui/state";
import { toast } from "@/ui/toasts";
import { useLater } from "@/ui/use-later";
import { counted, moment } from "@/ui/words";

const LONGEST = 500;

/** What Jett was asked to remember: seen, added, forgotten. */
export function MemoryPage() {
  const [text, setText] = useState("");
  const pages = useMemories(useLater(text.trim()));
  const data =
    pages.data &&
    flattened(
      pages.data.pages,
      (page) => page.memories,
      (memory) => memory.id,
    );
  return (
    <div className="flex flex-col gap-5">
      <Add />
      <div className="flex items-center gap-3">
        <div className="relative flex-1">
          <Search aria-hidden className="absolute top-2.5 left-3 size-4 text-faint" />
          <Input
            type="search"
            aria-label="Search by meaning"
            placeholder="Search by meaning"
            className="pl-9"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <ForgetAll />
      </div>
      <Shown query={{ ...pages, data }} what="Memory" lines={4}>
        {(memories) =>
          memories.length === 0 ? (
            <Empty icon={Bookmark} title={text ? "Nothing like that is remembered" : "Nothing is remembered yet"}>
              Say &ldquo;remember that the spare key is in the shed&rdquo;, or write it above.
            </Empty>
          ) : (
            <>
              <ul className="grid gap-3 md:grid-cols-2">
                {memories.map((memory) => (
                  <Item key={memory.id} memory={memory} />
                ))}
              </ul>
              <More pages={pages} />
            </>
          )
        }
      </Shown>
    </div>
  );
}

function Add() {
  const [text, setText] = useState("");
  const change = useChange(remember, keys.memories);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) change.mutate(text.trim(), { onSuccess: () => setText("") });
  };
  return (
    <div className="flex flex-col gap-3">
      <form onSubmit={submit} className="flex gap-2">
        <Input
          aria-label="Something to remember"
          placeholder="Remember that…"
          maxLength={LONGEST}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" look="primary" disabled={!text.trim() || change.isPending}>
          Remember
        </Button>
      </form>
      {change.error ? <Failed error={change.error} /> : null}
    </div>
  );
}

function Item({ memory }: { memory: Remembered }) {
  const change = useChange(forget, keys.memories);
  return (
    <li className="flex items-start gap-3 rounded-xl border bg-raised p-4">
      <div className="min-w-0 flex-1">
        <p className="break-words">{memory.text}</p>
        <p className="mt-1.5 text-xs text-faint">
          {moment(memory.at)}, {memory.source}
          {memory.score !== null && memory.score !== undefined && `, ${Math.round(memory.score * 100)} % alike`}
        </p>
        {change.error ? <Failed error={change.error} /> : null}
      </div>
      <Button
        look="ghost"
        size="icon"
        aria-label={`Forget: ${memory.text}`}
        disabled={change.isPending}
        onClick={() => change.mutate(memory.id)}
      >
        <Trash2 aria-hidden />
      </Button>
    </li>
  );
}

function ForgetAll() {
  const [open, setOpen] = useState(false);
  const change = useChange(forgetAll, keys.memories);
  const yes = () =>
    change.mutate(undefined, {
      onSuccess: (gone) => {
        setOpen(false);
        toast(`${counted(gone.memories ?? 0, "thing")} forgotten`, "good");
      },
    });
  return (
    <>
      <Button look="danger" onClick={() => setOpen(true)}>
        Forget all
      </Button>
      {open && (
        <Confirm
          title="Forget everything?"
          description="All that Jett was asked to remember, for good."
          deed="Forget everything"
          words="delete everything"
          busy={change.isPending}
          error={change.error}
          onYes={yes}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}
