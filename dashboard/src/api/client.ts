import createClient, { type Middleware } from "openapi-fetch";

import type { paths } from "./schema";
import { refusal, unreachable } from "./trouble";

let csrf = "";

/** The session's secret for requests that change something; known once `/api/session` has answered. */
export function rememberCsrf(secret: string): void {
  csrf = secret;
}

const guarded: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-Jett-CSRF", csrf);
    return request;
  },
  onError: () => unreachable(),
};

export const api = createClient<paths>({ credentials: "same-origin", cache: "no-store" });
api.use(guarded);

type Answered<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer, or its refusal as an exception: `await took(api.GET(…))`. */
export async function took<T>(answer: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw refusal(response.status, error);
  return data as T;
}
