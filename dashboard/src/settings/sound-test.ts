// The microphone test: level while it listens, and the last seconds to be heard again. An external store for the page.

import { CLEAN, Microphone } from "@/talk/microphone";
import { decibels, loudness, rms } from "@/talk/pcm";

const HZ = 16000;
const KEPT_FRAMES = 5 * 50;
const TOLD_EVERY = 3; // frames of 20 ms

export class SoundTest {
  state: "off" | "opening" | "listening" | "playing" = "off";
  level = 0;
  dbfs = -60;
  keptSeconds = 0;
  error: unknown = null;

  private context: AudioContext | null = null;
  private microphone: Microphone | null = null;
  private kept: Int16Array[] = [];
  private frames = 0;
  private readonly watchers = new Set<() => void>();

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  async begin(device: string, clean: boolean): Promise<void> {
    this.become("opening");
    this.kept = [];
    const context = new AudioContext();
    this.context = context;
    const cleaning = clean ? CLEAN : { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      await context.resume();
      const opened = await Microphone.open(
        context,
        device,
        cleaning,
        (pcm) => this.heard(pcm),
        () => this.close(),
      );
      if (this.context !== context) return opened.close();
      this.microphone = opened;
      this.become("listening");
    } catch (error) {
      this.close();
      this.error = error;
      this.tell();
    }
  }

  close(): void {
    this.microphone?.close();
    this.microphone = null;
    void this.context?.close();
    this.context = null;
    this.level = 0;
    this.dbfs = -60;
    this.become("off");
  }

  async play(): Promise<void> {
    const frames = this.kept;
    this.close();
    const sound = Float32Array.from(
      frames.flatMap((frame) => [...frame]),
      (value) => value / 32768,
    );
    const context = new AudioContext();
    const buffer = context.createBuffer(1, Math.max(1, sound.length), HZ);
    buffer.copyToChannel(sound, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.onended = () => {
      void context.close();
      this.become("off");
    };
    this.become("playing");
    source.start();
  }

  private heard(pcm: ArrayBuffer): void {
    this.kept = [...this.kept, new Int16Array(pcm)].slice(-KEPT_FRAMES);
    this.frames += 1;
    if (this.frames % TOLD_EVERY !== 0) return;
    const loud = rms(pcm);
    this.level = loudness(loud);
    this.dbfs = Math.round(decibels(loud));
    this.keptSeconds = this.kept.length / 50;
    this.tell();
  }

  private become(state: SoundTest["state"]): void {
    this.state = state;
    if (state === "opening") this.error = null;
    this.tell();
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}
