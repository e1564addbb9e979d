import type { Engine } from "@/api/shapes";
import { Badge, Dot, type Tone } from "@/ui/badge";

const STAGES: Record<Engine["stage"], string> = {
  vad: "Voice activity",
  turn: "End of turn",
  stt: "Speech to text",
  llm: "Language model",
  tts: "Voice",
  embedding: "Memory",
};

const TONES: Record<Engine["state"], Tone> = { ready: "good", loading: "jet", failed: "bad", down: "bad" };

/** One line a stage: what does its work, and whether it can. */
export function Engines({ engines }: { engines: readonly Engine[] }) {
  return (
    <ul className="divide-y">
      {engines.map((engine) => (
        <li key={engine.stage} className="py-2.5 first:pt-1 last:pb-0">
          <div className="flex items-baseline justify-between gap-3">
            <span className="label">{STAGES[engine.stage]}</span>
            <Badge tone={TONES[engine.state]}>
              <Dot tone={TONES[engine.state]} className="size-1.5" />
              {engine.state}
            </Badge>
          </div>
          <p className="truncate font-mono text-xs text-ink" title={engine.name}>
            {engine.name}
          </p>
          {engine.detail && <p className="text-xs break-words text-faint">{engine.detail}</p>}
        </li>
      ))}
    </ul>
  );
}
