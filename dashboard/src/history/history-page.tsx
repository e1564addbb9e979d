"use client";

import { Download, Trash2 } from "lucide-react";
import { useState } from "react";

import { deleteHistory } from "@/api/changes";
import { keys, useChange, useSettings } from "@/api/queries";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { Page } from "@/ui/page";
import { Tab, TabList, TabPage, Tabs } from "@/ui/tabs";
import { usePlace } from "@/ui/use-place";
import { counted } from "@/ui/words";

import { Audit } from "./audit";
import { Conversations } from "./conversations";
import { tellDeleted } from "./deleted";
import { MemoryPage } from "./memory";

/** What was said, what was decided, what is remembered. */
export function HistoryPage() {
  const { get, go } = usePlace();
  const tab = get("tab") || "conversations";
  return (
    <Page title="History" lead={<Retention />} aside={<Tools tab={tab} />}>
      <Tabs value={tab} onValueChange={(next) => go(next === "conversations" ? {} : { tab: next })}>
        <TabList aria-label="Parts of the history">
          <Tab value="conversations">Conversations</Tab>
          <Tab value="audit">Audit</Tab>
          <Tab value="memory">Memory</Tab>
        </TabList>
        <TabPage value="conversations">
          <Conversations />
        </TabPage>
        <TabPage value="audit">
          <Audit />
        </TabPage>
        <TabPage value="memory">
          <MemoryPage />
        </TabPage>
      </Tabs>
    </Page>
  );
}

/** How long things stay. */
function Retention() {
  const settings = useSettings().data?.settings;
  const value = (key: string) => settings?.find((setting) => setting.key === key)?.value;
  if (!settings) return "What was said, decided and remembered";
  if (value("history.keep") === false) return "Nothing new is kept: history.keep is off";
  const days = Number(value("history.days") ?? 0);
  const sound = value("privacy.keep_recordings") === true ? "words and sound" : "words, no sound";
  return days === 0 ? `Kept until you delete it: ${sound}` : `Kept for ${counted(days, "day")}: ${sound}`;
}

function Tools({ tab }: { tab: string }) {
  if (tab === "memory") return null;
  const path = tab === "audit" ? "/api/audit/export" : "/api/history/export";
  return (
    <>
      <Button asChild size="small">
        <a href={path} download>
          <Download aria-hidden /> Export
        </a>
      </Button>
      {tab === "conversations" && <DeleteAll />}
    </>
  );
}

function DeleteAll() {
  const [open, setOpen] = useState(false);
  const change = useChange(deleteHistory, keys.conversations, keys.turns, keys.latency);
  const yes = () =>
    change.mutate(undefined, {
      onSuccess: (gone) => {
        setOpen(false);
        tellDeleted(`${counted(gone.turns ?? 0, "turn")} deleted`, gone);
      },
    });
  return (
    <>
      <Button size="small" look="danger" onClick={() => setOpen(true)}>
        <Trash2 aria-hidden /> Delete all
      </Button>
      {open && (
        <Confirm
          title="Delete the whole history?"
          description="Every conversation, turn and recording, for good. The audit log stays: it cannot be changed."
          deed="Delete everything"
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
