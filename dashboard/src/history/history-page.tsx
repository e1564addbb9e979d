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
import { retention } from "./retention";

/** What was said, what was decided, what is remembered. */
export function HistoryPage() {
  const { get, go } = usePlace();
  const tab = get("tab") || "conversations";
  return (
    <Page title="History" lead={<Retention tab={tab} />} aside={<Tools tab={tab} />}>
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
function Retention({ tab }: { tab: string }) {
  const settings = useSettings().data?.settings;
  if (!settings) return "What was said, decided and remembered";
  return retention(tab, Object.fromEntries(settings.map(({ key, value }) => [key, value])));
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
