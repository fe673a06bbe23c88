import { expect } from "chai";
import { confirm } from "../../../client/cli/confirm.js";
import { FakeTerminal } from "../../support/fake-terminal.js";

describe("confirmation", () => {
  let terminal: FakeTerminal;
  beforeEach(() => {
    terminal = new FakeTerminal();
  });

  const codeOf = (asked: Promise<void>): Promise<unknown> =>
    asked.then(
      () => "done",
      (thrown: { code: unknown }) => thrown.code,
    );

  it("asks nobody with --yes", async () => {
    expect(await codeOf(confirm(terminal, true, "Delete t?"))).to.equal("done");
    expect(terminal.questions).to.deep.equal([]);
  });

  it("refuses without a terminal, and asks nothing", async () => {
    expect(await codeOf(confirm(terminal, false, "Delete t?"))).to.equal("BAD_REQUEST");
    expect(terminal.questions).to.deep.equal([]);
  });

  for (const [answer, code] of [
    ["y", "done"],
    ["YES", "done"],
    ["", "ABORTED"],
    ["n", "ABORTED"],
    ["yellow", "ABORTED"],
  ]) {
    it(`takes ${JSON.stringify(answer)} for ${code === "done" ? "yes" : "no"}`, async () => {
      terminal.canAsk = true;
      terminal.answer = answer ?? "";
      expect(await codeOf(confirm(terminal, false, "Delete t?"))).to.equal(code);
      expect(terminal.questions).to.deep.equal(["Delete t? [y/N] "]);
    });
  }
});
