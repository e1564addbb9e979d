"use client";

import { ShieldQuestion } from "lucide-react";
import { useState } from "react";

import { answer } from "@/api/changes";
import { keys, useChange, useQuestions } from "@/api/queries";
import type { ChangeAsked, Outcome } from "@/api/shapes";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Failed } from "@/ui/state";
import { toast } from "@/ui/toasts";
import { useNow } from "@/ui/use-now";

function useAnswer(onDone: () => void) {
  const change = useChange(answer, keys.questions, keys.containers, keys.audit);
  const say = (nonce: string, yes: boolean) =>
    change.mutate({ nonce, yes }, { onSuccess: (outcome) => (yes && told(outcome), onDone()) });
  return { ...change, say };
}

function told(outcome: Outcome): void {
  toast(outcome.text, outcome.result === "done" ? "good" : "bad");
}

/** The guard's question with the resolved name. It ends by itself. */
export function QuestionDialog({ question, onClose }: { question: ChangeAsked; onClose: () => void }) {
  const { say, isPending, error } = useAnswer(onClose);
  const left = useLeft(question);
  const close = () => (left > 0 && !isPending ? say(question.nonce, false) : onClose());
  return (
    <Dialog open onClose={close} title={question.text} description={`${question.verb} ${question.target}`}>
      {error && <Failed error={error} />}
      <div className="mt-3 flex flex-wrap items-center justify-end gap-2">
        <p className="mr-auto text-xs text-faint tabular-nums">
          {left > 0 ? `Ends in ${left} s` : "The question has ended"}
        </p>
        <Button disabled={isPending} onClick={close}>
          No
        </Button>
        <Button look="primary" disabled={isPending || left === 0} onClick={() => say(question.nonce, true)}>
          {isPending ? "Doing it…" : "Yes, do it"}
        </Button>
      </div>
    </Dialog>
  );
}

/** Changes that wait for a yes, whoever asked. */
export function WaitingQuestions() {
  const questions = useQuestions().data?.questions ?? [];
  if (questions.length === 0) return null;
  return (
    <section aria-label="Waiting for your answer" className="flex flex-col gap-3">
      {questions.map((question) => (
        <Waiting key={question.nonce} question={question} />
      ))}
    </section>
  );
}

function Waiting({ question }: { question: ChangeAsked }) {
  const [answered, setAnswered] = useState(false);
  const { say, isPending, error } = useAnswer(() => setAnswered(true));
  const left = useLeft(question);
  if (answered || left === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-3 rounded-xl border border-jet/35 bg-jet/6 px-4 py-3">
      <ShieldQuestion aria-hidden className="size-5 shrink-0 text-jet" />
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium">{question.text}</p>
        <p className="text-xs text-faint tabular-nums">
          Asked by {question.asked_by}, ends in {left} s
        </p>
      </div>
      <div className="flex gap-2 max-sm:w-full max-sm:justify-end">
        <Button size="small" disabled={isPending} onClick={() => say(question.nonce, false)}>
          No
        </Button>
        <Button size="small" look="primary" disabled={isPending} onClick={() => say(question.nonce, true)}>
          Yes
        </Button>
      </div>
      {error && <Failed error={error} />}
    </div>
  );
}

/** Whole seconds until a question ends. */
function useLeft({ ends_at }: ChangeAsked): number {
  return Math.max(0, Math.ceil((Date.parse(ends_at) - useNow()) / 1000));
}
