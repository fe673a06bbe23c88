import { expect } from "chai";
import { invocation } from "../../../client/cli/invocation.js";

describe("how the program is called", () => {
  it("by its name where it is installed for everybody", () => {
    expect(invocation("/usr/local/bin/logwheel", "/home/ann")).to.equal("logwheel");
  });

  it("by npx where a project has it", () => {
    expect(invocation("/home/ann/app/node_modules/.bin/logwheel", "/home/ann/app")).to.equal("npx logwheel");
  });

  it("by its file in a clone", () => {
    const script = "/home/ann/logwheel/dist/client/cli/logwheel.cjs";
    expect(invocation(script, "/home/ann/logwheel")).to.equal("node dist/client/cli/logwheel.cjs");
  });
});
