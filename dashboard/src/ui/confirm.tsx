"use client";

import { useId, useState, type FormEvent } from "react";

import { Button } from "./button";
import { Dialog } from "./dialog";
import { Input } from "./field";
import { Failed } from "./state";

type Props = {
  title: string;
  description: string;
  /** What the button says. */
  deed: string;
  /** Words to be typed first, so that nobody does it by accident. */
  words?: string;
  busy: boolean;
  error: unknown;
  onYes: () => void;
  onClose: () => void;
};

/** Asks before something that cannot be undone. */
export function Confirm({ title, description, deed, words, busy, error, onYes, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const id = useId();
  const ready = !words || typed.trim() === words;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onYes();
  };
  return (
    <Dialog open onClose={onClose} title={title} description={description}>
      <form onSubmit={submit} className="mt-2 flex flex-col gap-4">
        {words && (
          <label htmlFor={id} className="flex flex-col gap-1.5 text-sm text-soft">
            <span>
              Type <span className="font-mono text-ink">{words}</span>
            </span>
            <Input id={id} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
          </label>
        )}
        {error ? <Failed error={error} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep it</Button>
          <Button type="submit" look="danger" disabled={!ready || busy}>
            {busy ? "Deleting…" : deed}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
