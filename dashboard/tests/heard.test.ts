import { expect, it } from "vitest";

import { split } from "@/talk/heard";

const REPLY = "One: qdrant is unhealthy. Its health check, it says, cannot connect.";

it.each([
  ["nothing cut", REPLY, false, [REPLY, ""]],
  ["nothing heard", "", true, ["", REPLY]],
  [
    "some words heard",
    "One: qdrant is",
    true,
    ["One: qdrant is", " unhealthy. Its health check, it says, cannot connect."],
  ],
  [
    "other punctuation and case",
    "one qdrant is unhealthy its",
    true,
    ["One: qdrant is unhealthy. Its", " health check, it says, cannot connect."],
  ],
  ["all heard before it was cut", REPLY, true, [REPLY, ""]],
  ["other words than the reply has", "Something else", true, ["", REPLY]],
])("%s", (_, heard, interrupted, expected) => {
  expect(split(REPLY, heard, interrupted)).toEqual(expected);
});
