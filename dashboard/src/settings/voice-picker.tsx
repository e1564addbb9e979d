"use client";

import { Check, LoaderCircle, Play, Volume2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { changeSettings, trySentence } from "@/api/changes";
import { keys, useChange, useSettings, useVoices } from "@/api/queries";
import type { Voice } from "@/api/shapes";
import { troubleOf } from "@/api/trouble";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/card";
import { cn } from "@/ui/cn";
import { Empty, Shown } from "@/ui/state";
import { toast } from "@/ui/toasts";

import { playWav } from "./play-wav";

/** The voices there are: hear one, take one. */
export function VoicePicker() {
  return (
    <Panel title="Voice">
      <Shown query={useVoices()} what="Voices">
        {({ voices }) =>
          voices.length === 0 ? (
            <Empty icon={Volume2} title="No voice is installed" />
          ) : (
            <ul className="grid grid-cols-1 gap-2.5 pt-1 sm:grid-cols-2 lg:grid-cols-3">
              {voices.map((voice) => (
                <Choice key={`${voice.backend} ${voice.voice}`} voice={voice} />
              ))}
            </ul>
          )
        }
      </Shown>
    </Panel>
  );
}

function Choice({ voice }: { voice: Voice }) {
  const change = useChange(changeSettings, keys.settings, keys.voices, keys.status);
  const take = () =>
    change.mutate(
      { "tts.backend": voice.backend, "tts.voice": voice.voice },
      {
        onSuccess: ({ restart }) =>
          toast(restart.length > 0 ? "Saved: Jett speaks so after a restart" : "Jett speaks so from now on", "good"),
        onError: (error) => toast(troubleOf(error).what, "bad"),
      },
    );
  return (
    <li className={cn("flex items-center gap-3 rounded-lg border bg-ground p-3", voice.current && "border-jet/60")}>
      <Preview voice={voice} />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{voice.label}</p>
        <p className="truncate font-mono text-xs text-faint">{voice.backend}</p>
      </div>
      {voice.current ? (
        <Badge tone="jet">
          <Check aria-hidden className="size-3" /> in use
        </Badge>
      ) : voice.installed ? (
        <Button size="small" aria-label={`Use ${voice.label}`} disabled={change.isPending} onClick={take}>
          Use
        </Button>
      ) : (
        <Badge>not installed</Badge>
      )}
    </li>
  );
}

/** One sentence in the voice; a second press ends it. */
function Preview({ voice }: { voice: Voice }) {
  const speed = Number(useSettings().data?.settings.find(({ key }) => key === "tts.speed")?.value ?? 1);
  const [busy, setBusy] = useState(false);
  const end = useRef<(() => void) | null>(null);
  useEffect(() => () => end.current?.(), []);
  const press = async () => {
    end.current?.();
    setBusy(true);
    try {
      end.current = await playWav(await trySentence({ ...voice, speed }));
    } catch (error) {
      toast(troubleOf(error).what, "bad");
    }
    setBusy(false);
  };
  const Icon = busy ? LoaderCircle : Play;
  return (
    <Button
      size="icon"
      className="rounded-full"
      aria-label={`Hear ${voice.label}`}
      disabled={!voice.installed || busy}
      onClick={() => void press()}
    >
      <Icon aria-hidden className={cn(busy && "animate-spin")} />
    </Button>
  );
}
