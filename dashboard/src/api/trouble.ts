/** A refusal of the server, or that it could not be reached: what, and what to do about it. */
export class Trouble extends Error {
  constructor(
    readonly what: string,
    readonly fix: string,
    readonly status: number,
  ) {
    super(what);
    this.name = "Trouble";
  }
}

/** Status 0: there was no answer. */
export function unreachable(): Trouble {
  return new Trouble("Jett cannot be reached", "See whether `jett serve` runs; this page comes back by itself.", 0);
}

/** The answer's own words where it has them. */
export function refusal(status: number, body: unknown): Trouble {
  const error = (body as { error?: { what?: unknown; fix?: unknown } } | undefined)?.error;
  if (typeof error?.what === "string") return new Trouble(error.what, String(error.fix ?? ""), status);
  return new Trouble(`Jett answered with status ${status}`, "Try again; the log of `jett serve` says more.", status);
}

/** Of whatever was thrown. */
export function troubleOf(error: unknown): { what: string; fix: string } {
  if (error instanceof Trouble) return error;
  return { what: error instanceof Error ? error.message : String(error), fix: "" };
}

export function isSessionMissing(error: unknown): boolean {
  return error instanceof Trouble && error.status === 401;
}

/** Whether `error`, of the query with that key or of a change, means that it has to be asked anew who is here. */
export function asksWho(error: unknown, key: readonly unknown[] | undefined): boolean {
  return isSessionMissing(error) && key?.[0] !== "session";
}
