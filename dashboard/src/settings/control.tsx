"use client";

import { useState } from "react";

import type { Setting } from "@/api/shapes";
import { Input, Select, Textarea } from "@/ui/field";
import { Switch } from "@/ui/switch";

import { fromLines, fromTable, same, toLines, toNumber, toTable } from "./draft";

type Props = { setting: Setting; value: unknown; onChange: (value: unknown) => void; id: string; describedBy: string };

/** The control that fits a setting's type. */
export function Control({ setting, value, onChange, id, describedBy }: Props) {
  const common = { id, disabled: !setting.editable, "aria-describedby": describedBy };
  const text = value === null || value === undefined ? "" : String(value);
  switch (setting.type) {
    case "boolean":
      return <Switch {...common} checked={value === true} onCheckedChange={onChange} />;
    case "choice":
      return (
        <Select {...common} value={text} onChange={(event) => onChange(event.target.value)}>
          {(setting.choices ?? []).map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </Select>
      );
    case "integer":
    case "number":
      return <NumberBox {...common} setting={setting} text={text} onChange={onChange} />;
    case "list":
      return <Lines {...common} value={value} read={toLines} write={fromLines} onChange={onChange} />;
    case "table":
      return <Lines {...common} value={value} read={toTable} write={fromTable} onChange={onChange} />;
    case "secret":
      return <Secret {...common} isSet={setting.value === true} value={value} onChange={onChange} />;
    default:
      return text.length > 60 ? (
        <Textarea {...common} rows={5} value={text} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <Input {...common} value={text} spellCheck={false} onChange={(event) => onChange(event.target.value)} />
      );
  }
}

type Common = { id: string; disabled: boolean; "aria-describedby": string; onChange: (value: unknown) => void };

function NumberBox({ setting, text, onChange, ...common }: Common & { setting: Setting; text: string }) {
  return (
    <div className="flex items-center gap-2">
      <Input
        {...common}
        type="number"
        inputMode="decimal"
        className="w-32 tabular-nums"
        step={setting.type === "integer" ? 1 : "any"}
        {...(typeof setting.least === "number" ? { min: setting.least } : {})}
        {...(typeof setting.most === "number" ? { max: setting.most } : {})}
        value={text}
        onChange={(event) => onChange(toNumber(event.target.value))}
      />
      {setting.unit && <span className="text-xs text-faint">{setting.unit}</span>}
    </div>
  );
}

type LinesProps = Common & { value: unknown; read: (value: unknown) => string; write: (text: string) => unknown };

/** Keeps what is typed while it means the same as the value, so that a line break is not taken away at once. */
function Lines({ value, read, write, onChange, ...common }: LinesProps) {
  const [text, setText] = useState(read(value));
  const shown = same(write(text), write(read(value))) ? text : read(value);
  const change = (next: string) => {
    setText(next);
    onChange(write(next));
  };
  return (
    <Textarea
      {...common}
      rows={3}
      className="font-mono text-xs"
      spellCheck={false}
      value={shown}
      onChange={(event) => change(event.target.value)}
    />
  );
}

function Secret({ isSet, value, onChange, ...common }: Common & { isSet: boolean; value: unknown }) {
  return (
    <Input
      {...common}
      type="password"
      autoComplete="new-password"
      placeholder={isSet ? "set; type to replace it" : "not set"}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.target.value || isSet)}
    />
  );
}
