import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { checkGroupName, checkTopicName } from "../../../proto/kernel/limits.js";

describe("names", () => {
  const refuses = (check: () => void): void => {
    expect(check).to.throw(LogwheelError).with.property("code", "BAD_REQUEST");
  };

  it("take letters, digits and _ % | -", () => {
    for (const name of ["orders", "A-1_b|c%d", "%DLQ%group", "0"]) {
      checkTopicName(name);
      checkGroupName(name);
    }
  });

  it("end at 127 characters for topics and 120 for groups", () => {
    checkTopicName("t".repeat(127));
    refuses(() => checkTopicName("t".repeat(128)));
    checkGroupName("g".repeat(120));
    refuses(() => checkGroupName("g".repeat(121)));
  });

  it("never lead out of a folder or say something else than they show", () => {
    const names = [
      "",
      ".",
      "..",
      "../x",
      "a/b",
      "a\\b",
      "%2e%2e/",
      "a\0",
      "a b",
      "a\n",
      "é",
      "ａ",
      "a.b",
      "C:",
      "\u202e",
    ];
    for (const name of names) {
      refuses(() => checkTopicName(name));
      refuses(() => checkGroupName(name));
    }
  });
});
