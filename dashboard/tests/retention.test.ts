import { describe, expect, it } from "vitest";

import { retention } from "@/history/retention";

const KEPT = { "history.keep": true, "history.days": 90, "privacy.keep_recordings": false, "memory.keep": true };

describe("how long things stay", () => {
  it.each([
    [{}, "Kept for 90 days: words, no sound"],
    [{ "history.days": 1, "privacy.keep_recordings": true }, "Kept for 1 day: words and sound"],
    [{ "history.days": 0 }, "Kept until you delete it: words, no sound"],
    [{ "history.keep": false }, "Nothing new is kept: history.keep is off"],
  ])("conversations with %o", (change, expected) => {
    expect(retention("conversations", { ...KEPT, ...change })).toBe(expected);
  });

  it("the audit log and the memory do not end with the conversations", () => {
    for (const change of [{}, { "history.keep": false }]) {
      const values = { ...KEPT, ...change };
      expect(retention("audit", values)).toBe("Kept until you delete its files: no record runs out");
      expect(retention("memory", values)).toBe("Kept until you forget it: nothing runs out");
    }
  });

  it("a memory that takes nothing new says so", () => {
    expect(retention("memory", { ...KEPT, "memory.keep": false })).toBe("Nothing new is kept: memory.keep is off");
  });
});
