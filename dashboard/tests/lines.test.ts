import { describe, expect, it } from "vitest";

import { lineOf, overlap, pieces, together } from "@/containers/log-lines";
import { excerpt } from "@/history/excerpt";
import { bySection, drafted, fromTable, matches, shown, toNumber, toTable } from "@/settings/draft";
import type { Setting } from "@/api/shapes";

describe("a log", () => {
  it("lines that the stream repeats are shown once", () => {
    expect(together(["a", "b", "c"], ["b", "c", "d"])).toEqual(["a", "b", "c", "d"]);
    expect(together(["a", "b"], ["d"])).toEqual(["a", "b", "d"]);
    expect(overlap(["x", "x"], ["x", "x", "x"])).toBe(2);
  });

  it("keeps the newest two thousand", () => {
    const many = Array.from({ length: 3000 }, (_, index) => `line ${index}`);
    expect(together(many, ["end"])).toHaveLength(2000);
    expect(together(many, ["end"]).at(-1)).toBe("end");
  });

  it("a line may come bare or as JSON", () => {
    expect(["plain 1", '"text"', '{"line": "in"}', '{"other": 1}', "7"].map(lineOf)).toEqual([
      "plain 1",
      "text",
      "in",
      '{"other": 1}',
      "7",
    ]);
  });

  it("what was searched for is every second piece", () => {
    expect(pieces("Error: no error", "error")).toEqual(["", "Error", ": no ", "error", ""]);
    expect(pieces("nothing", "")).toEqual(["nothing"]);
  });
});

it("an excerpt's marks are every second piece", () => {
  expect(excerpt("the ‹spare› key")).toEqual(["the ", "spare", " key"]);
});

describe("settings", () => {
  const setting = (key: string, value: unknown, other = 0): Setting =>
    ({ key, section: key.split(".")[0], value, default: other, description: "How long" }) as Setting;
  const days = setting("history.days", 90, 30);

  it("a value that is the setting's own is no change", () => {
    const draft = drafted({}, days, 60);
    expect(draft).toEqual({ "history.days": 60 });
    expect(drafted(draft, days, 90)).toEqual({});
  });

  it("null shows the default", () => {
    expect(shown({ "history.days": null }, days)).toBe(30);
    expect(shown({}, days)).toBe(90);
  });

  it("a table goes to lines and back", () => {
    expect(fromTable(toTable({ nginx: "engine x", a: "b=c" }))).toEqual({ nginx: "engine x", a: "b=c" });
  });

  it("what is no number stays as typed, for the server to refuse", () => {
    expect(["12", "1.5", "", "x"].map(toNumber)).toEqual([12, 1.5, "", "x"]);
  });

  it("are found by key and sentence, and keep their order", () => {
    expect(matches(days, "long HISTORY")).toBe(true);
    expect(matches(days, "short")).toBe(false);
    expect(
      bySection([setting("a.x", 1), setting("b.y", 1), setting("a.z", 1)]).map(([name, rows]) => [name, rows.length]),
    ).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });
});
