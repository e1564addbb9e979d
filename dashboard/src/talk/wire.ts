// What goes over /v1/realtime, as far as the Talk page speaks it (docs/protocol.md).

export type FromServer =
  | { type: "session.created" | "session.updated" }
  | { type: "response.created"; response?: { id?: string } }
  | { type: "response.output_audio.delta"; item_id: string; delta: string }
  | { type: "response.output_audio.done"; item_id: string }
  | { type: "response.done"; response?: { status?: string; status_details?: { error?: { message?: string } } } }
  | { type: "error"; error: { message?: string; code?: string | null } }
  | { type: "jett.state"; state: JettState }
  | { type: "jett.level"; dbfs: number; speech_probability: number }
  | { type: "jett.partial" | "jett.clause"; turn: number; text: string }
  | ({ type: "jett.turn" } & FinishedTurn)
  | { type: "jett.flush" | "jett.resume"; item_id: string }
  | { type: "jett.trouble"; message: string; spoken?: string };

export type JettState = "idle" | "hearing" | "pausing" | "replying" | "overlap";

export type FinishedTurn = {
  turn: number;
  id: number | null;
  transcript: string;
  reply: string;
  heard: string;
  interrupted: boolean;
  ttfa_ms: number | null;
  stages_ms: Record<string, number>;
  spans: { name: string; start_ms: number; end_ms: number }[];
  engines: Record<string, string>;
  error: string;
};

export type ToServer = { type: string } & Record<string, unknown>;

export type Mode = "open" | "push";

export const INPUT_HZ = 16000;
export const OUTPUT_HZ = 24000;

/** The session as this page wants it: Jett's own events, 16 kHz in, and turns by Jett or by the button. */
export function sessionUpdate(mode: Mode): ToServer {
  const turns = mode === "open" ? { type: "semantic_vad" } : null;
  return {
    type: "session.update",
    session: {
      type: "realtime",
      jett: true,
      output_modalities: ["audio"],
      audio: {
        input: { format: { type: "audio/pcm", rate: INPUT_HZ }, turn_detection: turns },
        output: { format: { type: "audio/pcm", rate: OUTPUT_HZ } },
      },
    },
  };
}

/** A message that was typed, and that an answer is wanted: in place of the one that is under way. */
export function typed(text: string, { jett }: { jett: JettState }): ToServer[] {
  const content = [{ type: "input_text", text }];
  const replies = jett === "replying" || jett === "overlap";
  return [
    ...(replies ? [{ type: "response.cancel" }] : []),
    { type: "conversation.item.create", item: { type: "message", role: "user", content } },
    { type: "response.create" },
  ];
}

/** What the button says when it is pressed, and when it is let go. */
export const pressed = (): ToServer[] => [{ type: "input_audio_buffer.clear" }];
export const released = (): ToServer[] => [{ type: "input_audio_buffer.commit" }, { type: "response.create" }];
