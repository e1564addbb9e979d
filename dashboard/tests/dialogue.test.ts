import { describe, expect, it } from "vitest";

import { advance, mood, SILENT, speaking, type Command, type Dialogue, type Happening } from "@/talk/dialogue";
import type { FromServer } from "@/talk/wire";

/** A conversation as a dialogue: `came` and `happened` go in; `commands` are what must be done. */
class Play {
  state: Dialogue = SILENT;
  commands: Command[] = [];

  happened(happening: Happening): this {
    const [state, commands] = advance(this.state, happening);
    this.state = state;
    this.commands.push(...commands);
    return this;
  }

  came(message: FromServer): this {
    return this.happened({ kind: "came", message, at: 0 });
  }

  get mood() {
    return mood(this.state);
  }
}

const live = () =>
  new Play().happened({ kind: "opening" }).came({ type: "session.created" }).came({ type: "session.updated" });

const finished = (turn: number, change: object = {}): FromServer => ({
  type: "jett.turn",
  turn,
  id: turn,
  transcript: "What time is it?",
  reply: "It is four. And a bit.",
  heard: "It is four. And a bit.",
  interrupted: false,
  ttfa_ms: 480,
  stages_ms: {},
  spans: [],
  engines: {},
  error: "",
  ...change,
});

describe("the mood", () => {
  it("follows the server's state, and speaks only while something sounds", () => {
    const play = new Play().happened({ kind: "opening" });
    expect(play.mood).toBe("connecting");
    expect(play.came({ type: "session.updated" }).mood).toBe("listening");
    expect(play.came({ type: "jett.state", state: "hearing" }).mood).toBe("hearing");
    expect(play.came({ type: "jett.state", state: "pausing" }).mood).toBe("thinking");
    expect(play.came({ type: "jett.state", state: "replying" }).mood).toBe("thinking");
    expect(play.happened({ kind: "sounding", now: true }).mood).toBe("speaking");
    expect(play.came({ type: "jett.state", state: "overlap" }).mood).toBe("hearing");
  });

  it("is still speaking when the server is done but its sound is not", () => {
    const play = live().happened({ kind: "sounding", now: true }).came({ type: "jett.state", state: "idle" });
    expect(play.mood).toBe("speaking");
    expect(play.happened({ kind: "sounding", now: false }).mood).toBe("listening");
  });
});

describe("a reply that comes more slowly than it sounds", () => {
  const delta = (item_id = "a"): FromServer => ({ type: "response.output_audio.delta", item_id, delta: "AAA=" });
  const done = (item_id = "a"): FromServer => ({ type: "response.output_audio.done", item_id });
  const sounds = (now: boolean): Happening => ({ kind: "sounding", now });
  const begun = () => live().came({ type: "jett.state", state: "replying" }).came(delta()).happened(sounds(true));

  it("is thought about until it sounds, though it is on its way", () => {
    const play = live().came({ type: "jett.state", state: "replying" }).came(delta());
    expect([play.mood, speaking(play.state)]).toEqual(["thinking", false]);
  });

  it("is spoken on between two clauses, and can be silenced there", () => {
    const play = begun().happened(sounds(false));
    expect([play.mood, speaking(play.state)]).toEqual(["speaking", true]);
    play.came(delta()).happened(sounds(true));
    expect([play.mood, play.state.sounding]).toEqual(["speaking", true]);
  });

  it("ends when no more of it comes and nothing of it is left, whichever is first", () => {
    const state: FromServer = { type: "jett.state", state: "idle" };
    expect(begun().came(state).happened(sounds(false)).came(done()).mood).toBe("listening");
    expect(begun().came(state).came(done()).happened(sounds(false)).mood).toBe("listening");
  });

  it("is silent after a flush, also where some of it comes late", () => {
    const play = begun().came({ type: "jett.flush", item_id: "a" }).happened(sounds(false)).came(delta());
    expect([play.mood, speaking(play.state)]).toEqual(["thinking", false]);
  });

  it("is spoken again after a false interruption", () => {
    const play = begun().came({ type: "jett.flush", item_id: "a" }).happened(sounds(false));
    play.came({ type: "jett.resume", item_id: "a" }).came(delta()).happened(sounds(true)).happened(sounds(false));
    expect(play.mood).toBe("speaking");
  });

  it("says nothing of the next: that one is thought about again", () => {
    const play = begun().came(done()).came(delta("b")).happened(sounds(false));
    expect(play.mood).toBe("thinking");
    expect(play.happened(sounds(true)).happened(sounds(false)).mood).toBe("speaking");
  });

  it("is over with its response and with the connection, whatever came before", () => {
    const response = { status: "cancelled" };
    const cancelled = begun().happened(sounds(false)).came({ type: "response.done", response });
    expect(speaking(cancelled.state)).toBe(false);
    expect(speaking(begun().happened({ kind: "left" }).state)).toBe(false);
  });
});

describe("the transcript", () => {
  it("a partial replaces the one before, a clause appends, the turn has the last word", () => {
    const play = live()
      .came({ type: "jett.partial", turn: 1, text: "What time" })
      .came({ type: "jett.partial", turn: 1, text: "What time is it" })
      .came({ type: "jett.clause", turn: 1, text: "It is four." })
      .came({ type: "jett.clause", turn: 1, text: "And a bit." });
    expect(play.state.lines).toMatchObject([
      { said: "What time is it", open: false, clauses: ["It is four.", "And a bit."], finished: null },
    ]);
    play.came(finished(1));
    expect(play.state.lines).toMatchObject([{ said: "What time is it?", finished: { id: 1 } }]);
  });

  it("what was typed becomes the next new turn's line", () => {
    const play = live().came(finished(1)).happened({ kind: "typed", text: "And in Tokyo?" });
    expect(play.state.lines.at(-1)).toMatchObject({ said: "And in Tokyo?", turn: null });
    play.came({ type: "jett.clause", turn: 2, text: "It is noon." });
    expect(play.state.lines).toHaveLength(2);
    expect(play.state.lines.at(-1)).toMatchObject({ said: "And in Tokyo?", turn: 2, clauses: ["It is noon."] });
  });

  it("a message that was never answered does not take the words of the next", () => {
    const play = live()
      .happened({ kind: "typed", text: "Is postgres up?" })
      .happened({ kind: "typed", text: "What time is it?" });
    play.came(finished(1));
    expect(play.state.lines).toMatchObject([
      { said: "Is postgres up?", turn: null, finished: null },
      { said: "What time is it?", turn: 1, finished: { id: 1 } },
    ]);
  });

  it("what was typed before there was a connection is the line of its turn, once", () => {
    const play = new Play()
      .happened({ kind: "typed", text: "What time is it?" })
      .happened({ kind: "opening" })
      .came({ type: "session.updated" });
    play.came({ type: "jett.clause", turn: 1, text: "It is four." }).came(finished(1));
    expect(play.state.lines).toMatchObject([{ said: "What time is it?", turn: 1, finished: { id: 1 } }]);
  });

  it("what was typed into a connection that ended is not the line of the next one's turn", () => {
    const play = live().happened({ kind: "typed", text: "Is postgres up?" }).happened({ kind: "closed", why: "" });
    play.happened({ kind: "opening" }).came({ type: "session.updated" }).came(finished(1));
    expect(play.state.lines).toMatchObject([{ said: "Is postgres up?" }, { said: "What time is it?", turn: 1 }]);
  });

  it("a new connection counts its turns anew and leaves the old lines alone", () => {
    const play = live()
      .came(finished(1))
      .happened({ kind: "left" })
      .happened({ kind: "opening" })
      .came({ type: "session.updated" });
    play.came({ type: "jett.partial", turn: 1, text: "Hello" });
    expect(play.state.lines).toMatchObject([{ finished: { id: 1 } }, { said: "Hello", finished: null }]);
  });

  it("keeps the newest two hundred lines", () => {
    const play = live();
    for (let turn = 1; turn <= 230; turn++) play.came(finished(turn));
    expect(play.state.lines).toHaveLength(200);
    expect(play.state.lines.at(-1)?.turn).toBe(230);
  });
});

describe("the commands", () => {
  it("sound is played, and finished with its last delta", () => {
    const play = live()
      .came({ type: "response.output_audio.delta", item_id: "a", delta: "AAA=" })
      .came({ type: "response.output_audio.done", item_id: "a" });
    expect(play.commands).toEqual([
      { do: "play", item: "a", base64: "AAA=" },
      { do: "finish", item: "a" },
    ]);
  });

  it("a false interruption is a flush and a resume of the same item", () => {
    const play = live().came({ type: "jett.flush", item_id: "a" }).came({ type: "jett.resume", item_id: "a" });
    expect(play.commands).toEqual([
      { do: "flush", item: "a" },
      { do: "resume", item: "a" },
    ]);
  });
});

describe("trouble", () => {
  it("is shown, and gone with the next reply", () => {
    const play = live().came({ type: "jett.trouble", message: "The model is down" });
    expect(play.state.trouble).toBe("The model is down");
    expect(play.came({ type: "response.created" }).state.trouble).toBe("");
  });

  it("a lost connection is said, and half a sentence is not waited for", () => {
    const play = live()
      .came({ type: "jett.partial", turn: 1, text: "Tell me" })
      .happened({ kind: "closed", why: "gone" });
    expect(play.state).toMatchObject({ phase: "failed", trouble: "gone", lines: [{ open: false }] });
  });

  it("a failed response says why", () => {
    const response = { status: "failed", status_details: { error: { message: "too long" } } };
    expect(live().came({ type: "response.done", response }).state.trouble).toBe("too long");
  });
});

describe("the event log", () => {
  it("counts an event that comes again instead of writing it again", () => {
    const play = live();
    for (let count = 0; count < 5; count++) play.came({ type: "response.output_audio.delta", item_id: "a", delta: "" });
    expect(play.state.notes.at(-1)).toMatchObject({ name: "response.output_audio.delta", count: 5 });
  });

  it("leaves levels out, and changes nothing for them", () => {
    const before = live();
    const { state } = before;
    expect(before.came({ type: "jett.level", dbfs: -30, speech_probability: 0.9 }).state).toBe(state);
  });
});
