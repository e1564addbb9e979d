import { api, took } from "./client";

// Everything that changes something. Each throws a Trouble.

export type Action = "start" | "stop" | "restart";

const ASKS = {
  start: "/api/containers/{name}/start",
  stop: "/api/containers/{name}/stop",
  restart: "/api/containers/{name}/restart",
} as const;

/** Asks; nothing happens before `answer`. */
export const ask = ({ name, action }: { name: string; action: Action }) =>
  took(api.POST(ASKS[action], { params: { path: { name } } }));

export const answer = ({ nonce, yes }: { nonce: string; yes: boolean }) =>
  took(api.POST("/api/confirmations/{nonce}", { params: { path: { nonce } }, body: { answer: yes ? "yes" : "no" } }));

export const deleteConversation = (id: number) =>
  took(api.DELETE("/api/conversations/{id}", { params: { path: { id } } }));

export const deleteTurn = (id: number) => took(api.DELETE("/api/turns/{id}", { params: { path: { id } } }));

export const deleteHistory = () => took(api.DELETE("/api/history", { body: { confirm: "delete everything" } }));

export const changeSettings = (values: Record<string, unknown>) =>
  took(api.PATCH("/api/settings", { body: { values } }));

export const remember = (text: string) => took(api.POST("/api/memories", { body: { text } }));

export const forget = (id: string) => took(api.DELETE("/api/memories/{id}", { params: { path: { id } } }));

export const forgetAll = () => took(api.DELETE("/api/memories", { body: { confirm: "delete everything" } }));

/** Of the conversation through the microphone of Jett's own machine. */
export const sendToSleep = () => took(api.POST("/api/sleep"));
export const wakeUp = () => took(api.POST("/api/wake"));

export const leave = () => took(api.DELETE("/api/session"));

/** A sentence in a voice, as a WAV file. */
export const trySentence = (voice: { backend: string; voice: string; speed: number }): Promise<Blob> =>
  took(
    api.POST("/api/voices/preview", {
      body: { backend: voice.backend, voice: voice.voice, speed: voice.speed, text: "Hello, I am Jett." },
      parseAs: "blob",
    }),
  ) as Promise<Blob>;
