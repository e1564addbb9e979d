// The microphone, as 20 ms frames of 16 kHz int16. Who calls it closes it.

import { Trouble } from "@/api/trouble";

export type Heard = (pcm: ArrayBuffer, frame: number) => void;

export type Cleaning = { echoCancellation: boolean; noiseSuppression: boolean; autoGainControl: boolean };

export const CLEAN: Cleaning = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Microphone {
  private constructor(
    private readonly stream: MediaStream,
    private readonly source: MediaStreamAudioSourceNode,
    private readonly worklet: AudioWorkletNode,
  ) {}

  /** `onLost` is called when the device goes away. Throws a Trouble where there is none, or it may not be used. */
  static async open(
    context: AudioContext,
    device: string,
    cleaning: Cleaning,
    hear: Heard,
    onLost: () => void,
  ): Promise<Microphone> {
    const stream = await asked(device, cleaning);
    await context.audioWorklet.addModule("/worklets/capture.js");
    const source = context.createMediaStreamSource(stream);
    const worklet = new AudioWorkletNode(context, "jett-capture", { numberOfOutputs: 0 });
    worklet.port.onmessage = ({ data }) => hear(data.pcm, data.frame);
    stream.getAudioTracks()[0]?.addEventListener("ended", onLost);
    source.connect(worklet);
    return new Microphone(stream, source, worklet);
  }

  mute(muted: boolean): void {
    this.worklet.port.postMessage({ muted });
  }

  close(): void {
    this.source.disconnect();
    this.worklet.port.onmessage = null;
    for (const track of this.stream.getTracks()) track.stop();
  }
}

/** Microphones by name; the names are empty until one was allowed. */
export async function microphones(): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((device) => device.kind === "audioinput" && device.deviceId !== "");
}

async function asked(device: string, cleaning: Cleaning): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new Trouble("The browser gives no microphone to this address", "Use https, or open Jett as localhost.", 0);
  }
  const audio = { ...cleaning, channelCount: 1, ...(device ? { deviceId: { exact: device } } : {}) };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw refused(error);
  }
}

function refused(error: unknown): Trouble {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") {
    return new Trouble("The microphone was not allowed", "Allow it for this page in the browser, or type instead.", 0);
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new Trouble("There is no such microphone", "Plug one in or choose another, or type instead.", 0);
  }
  return new Trouble(
    "The microphone cannot be used",
    "Another program may hold it; choose another, or type instead.",
    0,
  );
}
