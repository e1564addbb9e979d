"use client";

import { useId } from "react";

import { useSettings, useWakeWords } from "@/api/queries";
import type { Setting, WakeHead } from "@/api/shapes";
import { Badge, type Tone } from "@/ui/badge";
import { Panel } from "@/ui/card";
import { Shown } from "@/ui/state";

import { shown, type Draft } from "./draft";
import { SaveBar } from "./save-bar";
import { SettingRow } from "./setting-row";
import { useDraft } from "./use-draft";
import { WakeMeterView } from "./wake-meter-view";

const ROWS = ["wake.enabled", "wake.follow_up_s", "wake.earcon"];

/** What Jett is called by, how easily, and a meter to choose that with. */
export function WakeWord() {
  const settings = useSettings();
  return (
    <Panel title="Wake word" className="max-w-2xl">
      <Shown query={settings} what="Settings">
        {(data) => <Form settings={data.settings} />}
      </Shown>
    </Panel>
  );
}

function Form({ settings }: { settings: readonly Setting[] }) {
  const { draft, change, ...saving } = useDraft();
  const find = (key: string) => settings.find((setting) => setting.key === key);
  const [words, sensitivity] = [find("wake.words"), find("wake.sensitivity")];
  if (!words || !sensitivity) return null;
  const saved = Array.isArray(words.value) && words.value.length > 0;
  return (
    <>
      <div className="divide-y">
        {ROWS.slice(0, 1).map((key) => row(find(key), draft, change))}
        <Words setting={words} draft={draft} onChange={change} />
        <Sensitivity setting={sensitivity} draft={draft} onChange={change} />
        {ROWS.slice(1).map((key) => row(find(key), draft, change))}
        <WakeMeterView sensitivity={Number(shown(draft, sensitivity))} ready={saved} />
      </div>
      <SaveBar draft={draft} {...saving} />
    </>
  );
}

type Change = (setting: Setting, value: unknown) => void;
type Props = { setting: Setting; draft: Draft; onChange: Change };

const row = (setting: Setting | undefined, draft: Draft, onChange: Change) =>
  setting && <SettingRow key={setting.key} setting={setting} draft={draft} onChange={onChange} />;

/** Every head there is; one that is not here says how it is had. */
function Words({ setting, draft, onChange }: Props) {
  const chosen = shown(draft, setting) as string[];
  const toggle = (name: string, on: boolean) =>
    onChange(setting, on ? [...chosen, name] : chosen.filter((one) => one !== name));
  return (
    <fieldset className="py-3.5 pl-3" disabled={!setting.editable}>
      <legend className="sr-only">Words that wake Jett</legend>
      <p aria-hidden className="mb-2 font-mono text-xs font-medium text-ink">
        {setting.key}
      </p>
      <Shown query={useWakeWords()} what="Wake words">
        {({ heads }) => (
          <ul className="grid grid-cols-1 gap-2 sm:grid-cols-2">
            {heads.map((head) => (
              <Word key={head.name} head={head} on={chosen.includes(head.name)} onToggle={toggle} />
            ))}
          </ul>
        )}
      </Shown>
    </fieldset>
  );
}

const STATES: Record<WakeHead["state"], [Tone, string]> = {
  ready: ["good", "ready"],
  missing: ["quiet", "not installed"],
  damaged: ["bad", "cannot be loaded"],
};

type WordProps = { head: WakeHead; on: boolean; onToggle: (name: string, on: boolean) => void };

function Word({ head, on, onToggle }: WordProps) {
  const id = useId();
  const [tone, state] = STATES[head.state];
  return (
    <li className="flex items-start gap-2.5 rounded-lg border bg-ground p-3">
      <input
        id={id}
        type="checkbox"
        className="mt-1 accent-jet"
        checked={on}
        disabled={head.state !== "ready" && !on}
        aria-describedby={`${id}-about`}
        onChange={(event) => onToggle(head.name, event.target.checked)}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium break-words">
          “{head.phrase}”
        </label>
        <p id={`${id}-about`} className="mt-0.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-faint">
          <span className="font-mono break-all">{head.name}</span>
          {head.licence && <span>{head.licence}</span>}
          {head.state !== "ready" && <Badge tone={tone}>{state}</Badge>}
          {head.detail && <code className="font-mono break-words">{head.detail}</code>}
        </p>
      </div>
    </li>
  );
}

function Sensitivity({ setting, draft, onChange }: Props) {
  const id = useId();
  const value = Number(shown(draft, setting));
  return (
    <div className="py-3.5 pl-3">
      <p className="flex items-center justify-between gap-3">
        <label htmlFor={id} className="font-mono text-xs font-medium text-ink">
          {setting.key}
        </label>
        <span className="figure text-xs text-soft">{value.toFixed(2)}</span>
      </p>
      <input
        id={id}
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={value}
        disabled={!setting.editable}
        aria-describedby={`${id}-text`}
        className="mt-2 w-full accent-jet"
        onChange={(event) => onChange(setting, Number(event.target.value))}
      />
      <p className="flex justify-between text-xs text-faint">
        <span>misses more</span>
        <span>wakes by mistake</span>
      </p>
      <p id={`${id}-text`} className="sr-only">
        {setting.description}
      </p>
    </div>
  );
}
