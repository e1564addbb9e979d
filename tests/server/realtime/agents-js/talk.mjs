// A person with the official JavaScript client, unmodified: speaks a clip at its own pace, interrupts, types, lends a
// tool. Usage: node talk.mjs ws://…/v1/realtime SCENE [CLIP.raw …]; raw is 24 kHz, 16 bits. Prints one JSON object.
import { readFileSync } from "node:fs";
import { RealtimeAgent, RealtimeSession, tool } from "@openai/agents-realtime";
import { z } from "zod";

const [url, scene, ...clips] = process.argv.slice(2);
const seen = { events: [], errors: [], audioBytes: 0, audio: [], interrupted: 0, toolCalls: [], history: [] };

const weather = tool({
  name: "weather",
  description: "How the weather is in a city.",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => {
    seen.toolCalls.push(city);
    return `It is sunny in ${city}`;
  },
});
const agent = new RealtimeAgent({ name: "Jett", instructions: "Be brief.", tools: scene === "tool" ? [weather] : [] });
const session = new RealtimeSession(agent, { transport: "websocket", model: "jett", tracingDisabled: true });

const waiting = [];
const count = (type) => seen.events.filter((name) => name === type).length;
const until = (type, times = 1) =>
  new Promise((resolve) => (count(type) >= times ? resolve() : waiting.push({ type, times, resolve })));

session.transport.on("*", (event) => {
  seen.events.push(event.type);
  for (const one of waiting.filter(({ type, times }) => count(type) >= times)) one.resolve();
});
session.on("error", (error) => seen.errors.push(JSON.stringify(error)));
session.on("audio", ({ data }) => {
  seen.audioBytes += data.byteLength;
  seen.audio.push(Buffer.from(data));
});
session.on("audio_interrupted", () => (seen.interrupted += 1));

let saying = Buffer.alloc(0);
function openMicrophone() {
  const step = 40;
  const size = (24_000 * 2 * step) / 1000;
  let due = Date.now();
  const tick = () => {
    const piece = Buffer.alloc(size);
    for (let at = 0; at < size; at += 2) piece.writeInt16LE(Math.floor(Math.random() * 3) - 1, at);
    saying.copy(piece, 0, 0, size);
    saying = saying.subarray(Math.min(size, saying.length));
    session.sendAudio(piece.buffer.slice(piece.byteOffset, piece.byteOffset + size));
    due += step;
    timer = setTimeout(tick, Math.max(0, due - Date.now()));
  };
  let timer = setTimeout(tick, 0);
  return () => clearTimeout(timer);
}

await session.connect({ apiKey: "jett_test", url });
await until("session.updated");
const scenes = {
  async speak() {
    const close = openMicrophone();
    saying = readFileSync(clips[0]);
    await until("response.done");
    close();
  },
  async interrupt() {
    session.sendMessage("Tell me a long story about a wizard.");
    const close = openMicrophone();
    await until("response.output_audio_transcript.delta", 2);
    saying = readFileSync(clips[0]);
    await until("response.done", 2);
    close();
  },
  async tool() {
    session.sendMessage("How is the weather in Paris?");
    await until("response.done", 2);
  },
};
await scenes[scene]();
seen.history = session.history.map((item) => ({
  type: item.type,
  role: item.role,
  status: item.status,
  text: item.content?.map((part) => part.transcript ?? part.text ?? "").join(" "),
}));
session.close();
seen.audio = Buffer.concat(seen.audio).toString("base64");
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
