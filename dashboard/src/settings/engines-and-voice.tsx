"use client";

import { useSettings, useStatus } from "@/api/queries";
import type { Setting } from "@/api/shapes";
import { Engines } from "@/overview/engines";
import { Panel } from "@/ui/card";
import { Shown } from "@/ui/state";

import { SaveBar } from "./save-bar";
import { SettingRow } from "./setting-row";
import { useDraft } from "./use-draft";
import { VoicePicker } from "./voice-picker";

const KEYS = [
  "profile",
  "stt.backend",
  "stt.model",
  "stt.language",
  "llm.backend",
  "llm.model",
  "tts.backend",
  "tts.speed",
];

/** What does the work of each stage, and in which voice. */
export function EnginesAndVoice() {
  const settings = useSettings();
  const status = useStatus();
  return (
    <div className="flex flex-col gap-5">
      <VoicePicker />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Panel title="Engines">
          <Shown query={settings} what="Settings">
            {(data) => <Form settings={data.settings} />}
          </Shown>
        </Panel>
        <Panel title="Running now">
          <Shown query={status} what="Engines">
            {(data) => <Engines engines={data.engines} />}
          </Shown>
        </Panel>
      </div>
    </div>
  );
}

function Form({ settings }: { settings: readonly Setting[] }) {
  const { draft, change, ...saving } = useDraft();
  return (
    <>
      <div className="divide-y">
        {settings
          .filter(({ key }) => KEYS.includes(key))
          .map((setting) => (
            <SettingRow key={setting.key} setting={setting} draft={draft} onChange={change} />
          ))}
      </div>
      <SaveBar draft={draft} {...saving} />
    </>
  );
}
