"use client";

import { RotateCcw } from "lucide-react";
import { useId } from "react";

import type { Setting } from "@/api/shapes";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";

import { Control } from "./control";
import { same, shown, type Draft } from "./draft";

type Props = { setting: Setting; draft: Draft; onChange: (setting: Setting, value: unknown) => void };

/** One setting: its name and sentence, where its value comes from, and the control. */
export function SettingRow({ setting, draft, onChange }: Props) {
  const id = useId();
  const value = shown(draft, setting);
  const changed = setting.key in draft;
  const mayReset = setting.editable && setting.type !== "secret" && !same(value, setting.default);
  return (
    <div
      className={cn(
        "grid items-start gap-x-8 gap-y-2 border-l-2 border-l-transparent py-3.5 pl-3 md:grid-cols-[minmax(0,1fr)_20rem]",
        changed && "border-l-jet",
      )}
    >
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <label htmlFor={id} className="font-mono text-xs font-medium text-ink">
            {setting.key}
          </label>
          <Source setting={setting} />
          {setting.restart && changed && <Badge tone="warn">counts after a restart</Badge>}
        </p>
        <p id={`${id}-text`} className="mt-1 text-xs text-balance text-faint">
          <Sentence text={setting.description} />
          <Limits setting={setting} />
        </p>
      </div>
      <div className="flex items-center gap-2">
        <div className="min-w-0 flex-1">
          <Control
            setting={setting}
            value={value}
            id={id}
            describedBy={`${id}-text`}
            onChange={(next) => onChange(setting, next)}
          />
        </div>
        <Button
          look="ghost"
          size="icon"
          className={cn(!mayReset && "invisible")}
          aria-label={`Default of ${setting.key}`}
          title="Back to the default"
          onClick={() => onChange(setting, null)}
        >
          <RotateCcw aria-hidden />
        </Button>
      </div>
    </div>
  );
}

/** A sentence whose words between backticks are code. */
function Sentence({ text }: { text: string }) {
  return text.split("`").map((piece, index) =>
    index % 2 === 1 ? (
      <code key={index} className="font-mono text-soft">
        {piece}
      </code>
    ) : (
      piece
    ),
  );
}

const SOURCES: Partial<Record<Setting["source"], string>> = {
  profile: "from the profile",
  environment: "from the environment",
  option: "from an option",
  file: "set in the file",
  dashboard: "set here",
};

/** Where the value comes from; the default goes without saying. */
function Source({ setting }: { setting: Setting }) {
  const words = SOURCES[setting.source];
  if (!words) return null;
  return (
    <Badge title={setting.source_detail || undefined}>
      {setting.editable ? words : `${words}, cannot be changed here`}
    </Badge>
  );
}

function Limits({ setting: { least, most } }: { setting: Setting }) {
  if (typeof least !== "number" && typeof most !== "number") return null;
  if (typeof most !== "number") return <> At least {least}.</>;
  return typeof least === "number" ? (
    <>
      {" "}
      {least} to {most}.
    </>
  ) : (
    <> At most {most}.</>
  );
}
