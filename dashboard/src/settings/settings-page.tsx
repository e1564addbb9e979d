"use client";

import { RotateCw } from "lucide-react";

import { useSettings } from "@/api/queries";
import { Page } from "@/ui/page";
import { Tab, TabList, TabPage, Tabs } from "@/ui/tabs";
import { usePlace } from "@/ui/use-place";

import { AllSettings } from "./all-settings";
import { EnginesAndVoice } from "./engines-and-voice";
import { MicrophoneTest } from "./microphone-test";
import { Policy } from "./policy";
import { Privacy } from "./privacy";
import { ThisBrowser } from "./this-browser";
import { WakeWord } from "./wake-word";

/** How Jett is set up. The server checks every change. */
export function SettingsPage() {
  const { get, go } = usePlace();
  const waiting = useSettings().data?.waiting ?? [];
  return (
    <Page title="Settings" lead="Every change is checked by Jett before it counts" aside={<ThisBrowser />}>
      {waiting.length > 0 && <AfterRestart waiting={waiting} />}
      <Tabs value={get("tab") || "engines"} onValueChange={(tab) => go({ tab })}>
        <TabList aria-label="Parts of the settings">
          <Tab value="engines">Engines and voice</Tab>
          <Tab value="microphone">Microphone and wake word</Tab>
          <Tab value="all">All settings</Tab>
          <Tab value="policy">Guard</Tab>
          <Tab value="privacy">Privacy</Tab>
        </TabList>
        <TabPage value="engines">
          <EnginesAndVoice />
        </TabPage>
        <TabPage value="microphone">
          <div className="grid items-start gap-5 xl:grid-cols-2">
            <WakeWord />
            <MicrophoneTest />
          </div>
        </TabPage>
        <TabPage value="all">
          <AllSettings />
        </TabPage>
        <TabPage value="policy">
          <Policy />
        </TabPage>
        <TabPage value="privacy">
          <Privacy />
        </TabPage>
      </Tabs>
    </Page>
  );
}

function AfterRestart({ waiting }: { waiting: readonly string[] }) {
  return (
    <p role="status" className="flex items-start gap-2.5 rounded-xl border border-warn/30 bg-warn/8 px-4 py-3">
      <RotateCw aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
      <span className="min-w-0 break-words">
        Counts at the next start of Jett: <span className="font-mono text-xs">{waiting.join(", ")}</span>
      </span>
    </p>
  );
}
