"use client";

import { AudioLines, Settings2 } from "lucide-react";
import { Popover, ToggleGroup } from "radix-ui";
import { useEffect, useId, useState } from "react";

import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import { Switch } from "@/ui/switch";

import type { Conversation } from "./conversation";
import { microphones } from "./microphone";
import { useSeen } from "./use-conversation";
import type { Mode } from "./wire";

/** How to talk, and through which microphone. */
export function SoundMenu({ conversation }: { conversation: Conversation }) {
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button size="icon" className="size-11 rounded-full" aria-label="Microphone and manner of talking">
          <Settings2 aria-hidden />
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="top"
          sideOffset={10}
          collisionPadding={12}
          aria-label="Microphone and manner of talking"
          className="z-40 flex w-96 max-w-[calc(100vw-1.5rem)] animate-rise flex-col gap-4 rounded-xl border border-edge/60 bg-raised p-4 shadow-2xl"
        >
          <Manner conversation={conversation} />
          <Device conversation={conversation} />
          <Deaf conversation={conversation} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const ITEM =
  "flex flex-1 flex-col items-start rounded-lg border border-edge/60 px-3 py-2 text-left text-sm font-medium text-soft data-[state=on]:border-jet data-[state=on]:bg-jet/10 data-[state=on]:text-ink";

function Manner({ conversation }: { conversation: Conversation }) {
  const mode = useSeen(conversation, ({ wishes }) => wishes.mode);
  const choose = (value: string) => value && void conversation.wish({ mode: value as Mode });
  return (
    <ToggleGroup.Root
      type="single"
      value={mode}
      onValueChange={choose}
      aria-label="Manner of talking"
      className="flex gap-2"
    >
      <ToggleGroup.Item value="open" className={ITEM}>
        Open microphone
        <span className="text-xs font-normal text-faint">Just speak; interrupt at will</span>
      </ToggleGroup.Item>
      <ToggleGroup.Item value="push" className={ITEM}>
        Push to talk
        <span className="text-xs font-normal text-faint">Heard only while held</span>
      </ToggleGroup.Item>
    </ToggleGroup.Root>
  );
}

function Device({ conversation }: { conversation: Conversation }) {
  const id = useId();
  const device = useSeen(conversation, ({ wishes }) => wishes.device);
  const found = useMicrophones();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="label flex items-center gap-1.5">
        <AudioLines aria-hidden className="size-3.5" /> Microphone
      </label>
      <Select id={id} value={device} onChange={(event) => void conversation.wish({ device: event.target.value })}>
        <option value="">The browser&rsquo;s own choice</option>
        {found.map((one, index) => (
          <option key={one.deviceId} value={one.deviceId}>
            {one.label || `Microphone ${index + 1}`}
          </option>
        ))}
      </Select>
    </div>
  );
}

function Deaf({ conversation }: { conversation: Conversation }) {
  const id = useId();
  const deaf = useSeen(conversation, ({ wishes }) => wishes.deafWhileSpeaking);
  return (
    <div className="flex items-center justify-between gap-4">
      <label htmlFor={id} className="text-sm">
        Mute me while Jett speaks
        <span className="block text-xs text-faint">For loudspeakers whose sound comes back in</span>
      </label>
      <Switch id={id} checked={deaf} onCheckedChange={(now) => void conversation.wish({ deafWhileSpeaking: now })} />
    </div>
  );
}

/** The microphones there are, as they come and go. */
export function useMicrophones(): MediaDeviceInfo[] {
  const [found, setFound] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    const look = () => void microphones().then(setFound);
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, []);
  return found;
}
