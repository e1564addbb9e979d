"use client";

import { Mic, Play, Square } from "lucide-react";
import { useEffect, useId, useState, useSyncExternalStore } from "react";

import { useMicrophones } from "@/talk/sound-menu";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/card";
import { Select } from "@/ui/field";
import { Failed } from "@/ui/state";
import { Switch } from "@/ui/switch";

import { SoundTest } from "./sound-test";

/** The browser's microphone: how loud it is, and how one sounds. Nothing leaves the browser. */
export function MicrophoneTest() {
  const [test] = useState(() => new SoundTest());
  useEffect(() => () => test.close(), [test]);
  const [device, setDevice] = useState("");
  const [clean, setClean] = useState(true);
  return (
    <Panel title="This browser's microphone" className="max-w-2xl">
      <div className="flex flex-col gap-5 pt-1">
        <p className="text-soft">
          Speak, and see how loud it is; then hear yourself. Nothing of this leaves the browser.
        </p>
        <Choices device={device} onDevice={setDevice} clean={clean} onClean={setClean} />
        <Meter test={test} />
        <Buttons test={test} begin={() => void test.begin(device, clean)} />
      </div>
    </Panel>
  );
}

type ChoicesProps = { device: string; onDevice: (id: string) => void; clean: boolean; onClean: (now: boolean) => void };

function Choices({ device, onDevice, clean, onClean }: ChoicesProps) {
  const id = useId();
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <label className="flex flex-col gap-1.5">
        <span className="label">Microphone</span>
        <Select value={device} onChange={(event) => onDevice(event.target.value)}>
          <option value="">The browser&rsquo;s own choice</option>
          {useMicrophones().map((one, index) => (
            <option key={one.deviceId} value={one.deviceId}>
              {one.label || `Microphone ${index + 1}`}
            </option>
          ))}
        </Select>
      </label>
      <div className="flex items-center justify-between gap-4 sm:items-end sm:pb-1.5">
        <label htmlFor={id}>Take echo and noise out</label>
        <Switch id={id} checked={clean} onCheckedChange={onClean} />
      </div>
    </div>
  );
}

function useTest<T>(test: SoundTest, see: (test: SoundTest) => T): T {
  const look = () => see(test);
  return useSyncExternalStore(test.watch, look, look);
}

function Meter({ test }: { test: SoundTest }) {
  const level = useTest(test, (seen) => seen.level);
  const dbfs = useTest(test, (seen) => seen.dbfs);
  const colour = dbfs > -3 ? "fill-bad" : dbfs > -45 ? "fill-jet" : "fill-edge";
  return (
    <div>
      <svg
        role="meter"
        aria-label="Level"
        aria-valuemin={-60}
        aria-valuemax={0}
        aria-valuenow={Math.max(-60, dbfs)}
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        className="h-3 w-full rounded-full bg-ground"
      >
        <rect width={level * 100} height="4" className={colour} />
      </svg>
      <p className="mt-1.5 flex justify-between text-xs text-faint">
        <span>{advice(dbfs)}</span>
        <span className="figure">{dbfs <= -60 ? "silence" : `${dbfs} dBFS`}</span>
      </p>
    </div>
  );
}

function advice(dbfs: number): string {
  if (dbfs <= -60) return "Nothing is heard";
  if (dbfs > -3) return "Too loud: it is clipped";
  return dbfs > -45 ? "Good for speech" : "Quiet: fine for a silent room, too little for speech";
}

function Buttons({ test, begin }: { test: SoundTest; begin: () => void }) {
  const state = useTest(test, (seen) => seen.state);
  const error = useTest(test, (seen) => seen.error);
  const kept = useTest(test, (seen) => seen.keptSeconds);
  return (
    <>
      {error ? <Failed error={error} /> : null}
      <div className="flex items-center gap-2">
        {state === "listening" ? (
          <Button look="danger" onClick={() => test.close()}>
            <Square aria-hidden /> Stop
          </Button>
        ) : (
          <Button look="primary" disabled={state === "opening"} onClick={begin}>
            <Mic aria-hidden /> Test the microphone
          </Button>
        )}
        <Button disabled={kept < 0.5 || state === "playing"} onClick={() => void test.play()}>
          <Play aria-hidden /> {state === "playing" ? "Playing…" : "Hear it"}
        </Button>
        <span className="figure text-xs text-faint">{kept > 0 && `last ${kept.toFixed(0)} s`}</span>
      </div>
    </>
  );
}
