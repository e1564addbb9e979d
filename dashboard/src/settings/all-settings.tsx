"use client";

import { SearchX } from "lucide-react";
import { useState } from "react";

import { useSettings } from "@/api/queries";
import type { Setting } from "@/api/shapes";
import { Panel } from "@/ui/card";
import { Input } from "@/ui/field";
import { Empty, Shown } from "@/ui/state";
import { usePlace } from "@/ui/use-place";

import { bySection, matches } from "./draft";
import { SaveBar } from "./save-bar";
import { SettingRow } from "./setting-row";
import { useDraft } from "./use-draft";

const SECTIONS: Readonly<Record<string, string>> = {
  "": "General",
  audio: "Microphone and speaker",
  vad: "Voice activity",
  turn: "Turns",
  stt: "Speech to text",
  llm: "Language model",
  tts: "Voice",
  vram: "Graphics memory",
  privacy: "Privacy",
  ops: "Servers and tools",
  server: "Server",
  history: "History",
  memory: "Memory",
  telemetry: "Telemetry",
  models: "Models",
  ui: "Terminal",
};

/** All there is to set, by section, searchable. */
export function AllSettings() {
  const query = useSettings();
  return (
    <Shown query={query} what="Settings" lines={8}>
      {({ settings, path }) => <Form settings={settings} path={path} />}
    </Shown>
  );
}

function Form({ settings, path }: { settings: readonly Setting[]; path: string }) {
  const [wanted, setWanted] = useState(usePlace().get("find"));
  const { draft, change, ...saving } = useDraft();
  const found = bySection(settings.filter((setting) => matches(setting, wanted.trim())));
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Input
          type="search"
          aria-label="Search the settings"
          placeholder="Search the settings"
          className="max-w-sm"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <p className="min-w-0 truncate text-xs text-faint">
          Kept in <span className="font-mono">{path}</span>
        </p>
      </div>
      {found.length === 0 && <Empty icon={SearchX} title="No setting has that" />}
      {found.map(([section, rows]) => (
        <Panel key={section} title={SECTIONS[section] ?? section}>
          <div className="divide-y">
            {rows.map((setting) => (
              <SettingRow key={setting.key} setting={setting} draft={draft} onChange={change} />
            ))}
          </div>
        </Panel>
      ))}
      <SaveBar draft={draft} {...saving} />
    </div>
  );
}
