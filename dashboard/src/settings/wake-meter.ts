// The wake word's meter: the browser's microphone to Jett, scores back. Nothing is kept. An external store for the page.

import { Trouble } from "@/api/trouble";
import { CLEAN, Microphone } from "@/talk/microphone";

import { after, NO_SCORES, type FromMeter, type Scores } from "./meter-scores";

const MOST_UNSENT = 64_000; // two seconds of sound: a connection that slow drops the rest

export class WakeMeter {
  state: "off" | "opening" | "listening" = "off";
  scores: Scores = NO_SCORES;
  error: unknown = null;

  private context: AudioContext | null = null;
  private microphone: Microphone | null = null;
  private socket: WebSocket | null = null;
  private sensitivity: number | null = null;
  private readonly watchers = new Set<() => void>();

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  async begin(): Promise<void> {
    this.scores = NO_SCORES;
    this.error = null;
    this.become("opening");
    const context = new AudioContext();
    this.context = context;
    try {
      await context.resume();
      const opened = await Microphone.open(
        context,
        "",
        CLEAN,
        (pcm) => this.send(pcm),
        () => this.close(),
      );
      if (this.context !== context) return opened.close();
      this.microphone = opened;
      this.connect();
    } catch (error) {
      if (this.context === context) this.fail(error);
    }
  }

  /** Go by this sensitivity, before it is saved. */
  tune(sensitivity: number): void {
    this.sensitivity = sensitivity;
    if (this.state === "listening") this.socket?.send(JSON.stringify({ sensitivity }));
  }

  close(): void {
    this.microphone?.close();
    this.microphone = null;
    void this.context?.close();
    this.context = null;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.become("off");
  }

  private connect(): void {
    const socket = new WebSocket(new URL("/api/wake/meter", location.href.replace(/^http/, "ws")));
    this.socket = socket;
    socket.onmessage = ({ data }) => this.socket === socket && this.told(JSON.parse(data) as FromMeter);
    socket.onclose = () => {
      if (this.socket === socket) this.fail(new Trouble("The meter ended", "Begin it again.", 0));
    };
  }

  private told(event: FromMeter): void {
    if (event.type === "ended") return this.fail(new Trouble(event.what, event.fix, 0));
    this.scores = after(this.scores, event);
    if (this.state === "opening") {
      this.state = "listening";
      if (this.sensitivity !== null) this.tune(this.sensitivity);
    }
    this.tell();
  }

  private send(pcm: ArrayBuffer): void {
    if (this.state !== "listening" || !this.socket || this.socket.bufferedAmount > MOST_UNSENT) return;
    this.socket.send(pcm);
  }

  private fail(error: unknown): void {
    this.close();
    this.error = error;
    this.tell();
  }

  private become(state: WakeMeter["state"]): void {
    this.state = state;
    this.tell();
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}
