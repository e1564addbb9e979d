// One conversation with Jett: the socket, the microphone and the speaker around the pure `advance`. The page's only way
// to them; it subscribes as to any external store.

import { troubleOf } from "@/api/trouble";

import { advance, mood, SILENT, speaking, type Command, type Dialogue, type Happening } from "./dialogue";
import { Measure } from "./measure";
import { CLEAN, Microphone } from "./microphone";
import { fromBase64, loudness, rms, toBase64 } from "./pcm";
import { Speaker } from "./speaker";
import { pressed, released, sessionUpdate, typed, type FromServer, type Mode, type ToServer } from "./wire";

export type Wishes = { mode: Mode; device: string; muted: boolean; deafWhileSpeaking: boolean };

const MOST_WAITING_BYTES = 64 * 1024; // 2 s of microphone sound that the network did not take; more is dropped and counted
const FRAME_MS = 20;
const TAIL_MS = 200; // a browser's microphone is at most about that late

export class Conversation {
  state: Dialogue = SILENT;
  /** 0 to 1, for the orb; changes too often to be state. */
  level = { mouth: 0, ear: 0 };
  wishes: Wishes = { mode: "open", device: "", muted: false, deafWhileSpeaking: false };
  holding = false;
  hasEar = false;

  private socket: WebSocket | null = null;
  private context: AudioContext | null = null;
  private microphone: Microphone | null = null;
  private speaker: Speaker | null = null;
  private readonly measure = new Measure();
  private firstFrame: number | null = null;
  private leftMs = 0;
  private sending = false;
  private tail: ReturnType<typeof setTimeout> | undefined;
  private readonly unsent: string[] = [];
  private readonly watchers = new Set<() => void>();

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  /** Must be called from a click or a key: the browser gives sound to nothing else. Without an ear one can type. */
  async begin({ ear }: { ear: boolean }): Promise<void> {
    if (this.state.phase === "connecting" || this.state.phase === "live") return;
    this.happen({ kind: "opening" });
    const context = new AudioContext({ latencyHint: "interactive" });
    this.context = context;
    this.measure.opened(context.sampleRate);
    try {
      await context.resume();
      this.speaker = await Speaker.open(context, this.told(), this.measure);
      if (ear) await this.listen();
      if (this.context === context) this.connect();
    } catch (error) {
      const { what, fix } = troubleOf(error);
      this.end({ kind: "closed", why: `${what}. ${fix}` });
    }
  }

  leave(): void {
    if (this.state.phase !== "away") this.end({ kind: "left" });
  }

  /** A typed message. Where there is no conversation, one begins without a microphone, and the message waits for it. */
  say(text: string): void {
    this.happen({ kind: "typed", text });
    this.unsent.push(text);
    if (this.state.phase === "live") this.sayWaiting();
    else void this.begin({ ear: false });
  }

  private sayWaiting(): void {
    for (const text of this.unsent.splice(0)) for (const message of typed(text, this.state)) this.send(message);
  }

  /** Silence now. */
  stop(): void {
    this.send({ type: "jett.stop" });
  }

  /** Push to talk. What was said last is still on its way when the button is let go, so sending goes on for TAIL_MS. */
  hold(down: boolean): void {
    if (this.holding === down || this.state.phase !== "live" || !this.hasEar) return;
    this.holding = down;
    clearTimeout(this.tail);
    if (down) this.press();
    else this.tail = setTimeout(() => this.release(), TAIL_MS);
    this.tell();
  }

  private press(): void {
    if (this.sending) return;
    this.sending = true;
    if (speaking(this.state)) this.stop();
    for (const message of pressed()) this.send(message);
    this.applyEar();
  }

  private release(): void {
    if (!this.sending) return;
    this.sending = false;
    for (const message of released()) this.send(message);
    this.applyEar();
  }

  async wish(change: Partial<Wishes>): Promise<void> {
    const before = this.wishes;
    this.wishes = { ...before, ...change };
    if (this.wishes.mode !== before.mode) this.send(sessionUpdate(this.wishes.mode));
    if (this.wishes.device !== before.device && this.microphone) await this.changeEar();
    this.applyEar();
    this.tell();
  }

  /** The microphone in the middle of a conversation that was begun by typing. */
  async addEar(): Promise<void> {
    try {
      await this.listen();
    } catch (error) {
      this.end({ kind: "closed", why: troubleOf(error).what });
    }
  }

  private async listen(): Promise<void> {
    const context = this.context;
    if (!context) return;
    const hear = (pcm: ArrayBuffer, frame: number) => this.heard(pcm, frame);
    const lost = () => this.end({ kind: "closed", why: "The microphone went away. Choose another and begin again." });
    const microphone = await Microphone.open(context, this.wishes.device, CLEAN, hear, lost);
    if (this.context !== context) return microphone.close();
    this.microphone = microphone;
    this.hasEar = true;
    this.applyEar();
    this.tell();
  }

  private async changeEar(): Promise<void> {
    this.microphone?.close();
    this.microphone = null;
    await this.addEar();
  }

  private connect(): void {
    const url = new URL("/v1/realtime", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => this.send(sessionUpdate(this.wishes.mode));
    socket.onmessage = ({ data }) => this.came(JSON.parse(data) as FromServer);
    socket.onclose = ({ reason }) => {
      if (this.socket === socket) this.end({ kind: "closed", why: reason || "The connection to Jett was closed." });
    };
  }

  private came(message: FromServer): void {
    if (message.type === "jett.turn") this.measure.turned(message);
    this.happen({ kind: "came", message, at: Date.now() });
  }

  private heard(pcm: ArrayBuffer, frame: number): void {
    this.level.ear = loudness(rms(pcm));
    this.measure.captured(frame, pcm);
    const socket = this.socket;
    if (this.state.phase !== "live" || !socket) return;
    if (this.wishes.mode === "push" && !this.sending) return;
    const fits = socket.bufferedAmount < MOST_WAITING_BYTES;
    this.measure.frame(fits);
    if (!fits) return;
    this.firstFrame ??= frame;
    this.leftMs += FRAME_MS;
    socket.send(JSON.stringify({ type: "input_audio_buffer.append", audio: toBase64(pcm) }));
  }

  private told() {
    return {
      rendered: (item: string, frame: number) => this.rendered(item, frame),
      flushed: (item_id: string, played_ms: number, dropped_ms: number) =>
        this.send({ type: "jett.flushed", item_id, played_ms, dropped_ms }),
      sounding: (now: boolean) => this.happen({ kind: "sounding", now }),
      level: (peak: number) => {
        this.level.mouth = loudness(peak);
      },
    };
  }

  /**
   * `at_ms` is on the session's audio clock, as the API's own `audio_start_ms`: the milliseconds of microphone sound
   * that had been heard when the sample went to the output. Both run in one context, so no clocks are compared.
   */
  private rendered(item: string, frame: number): void {
    const context = this.context;
    if (!context || !this.speaker) return;
    const since = this.firstFrame === null ? 0 : ((frame - this.firstFrame) / context.sampleRate) * 1000 + FRAME_MS;
    const session_ms = this.wishes.mode === "open" ? Math.round(since) : this.leftMs;
    const latency_ms = (context.outputLatency || context.baseLatency || 0) * 1000;
    this.measure.rendered({ item, at_ms: this.speaker.pageTime(frame), session_ms, frame }, latency_ms);
    this.send({ type: "jett.rendered", item_id: item, at_ms: session_ms });
  }

  private send(message: ToServer): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify(message));
    this.happen({ kind: "sent", name: message.type, at: Date.now() });
  }

  private happen(happening: Happening): void {
    const [next, commands] = advance(this.state, happening);
    const same = next === this.state;
    const turned = speaking(next) !== speaking(this.state);
    this.state = next;
    for (const command of commands) this.carryOut(command);
    if (turned) this.applyEar();
    if (same) return;
    this.measure.state(mood(next));
    if (next.phase === "live" && this.unsent.length > 0) this.sayWaiting();
    this.tell();
  }

  private carryOut(command: Command): void {
    if (command.do === "play") this.speaker?.play(command.item, fromBase64(command.base64));
    else this.speaker?.[command.do](command.item);
  }

  private applyEar(): void {
    const { mode, muted, deafWhileSpeaking } = this.wishes;
    const deaf = muted || (deafWhileSpeaking && speaking(this.state)) || (mode === "push" && !this.sending);
    this.microphone?.mute(deaf);
  }

  private end(happening: Extract<Happening, { kind: "closed" | "left" }>): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.microphone?.close();
    this.speaker?.close();
    void this.context?.close();
    this.context = this.microphone = this.speaker = this.firstFrame = null;
    this.leftMs = 0;
    clearTimeout(this.tail);
    this.hasEar = this.holding = this.sending = false;
    this.level = { mouth: 0, ear: 0 };
    this.unsent.length = 0;
    this.happen(happening);
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher();
  }
}
