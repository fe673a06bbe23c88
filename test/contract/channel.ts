import { describeServers } from "./channel-servers.js";
import { describeStreams } from "./channel-streams.js";
import { describeUnary } from "./channel-unary.js";
import { type ChannelUnderTest, EchoNetwork } from "./echo-network.js";

/** What every network must do. `make` sets up an empty one. */
export function describeChannel(name: string, make: () => Promise<ChannelUnderTest>): void {
  describe(`Channel contract: ${name}`, () => {
    let network: EchoNetwork;

    beforeEach(async () => {
      network = new EchoNetwork(await make());
    });

    afterEach(() => network.close());

    describeUnary(() => network);
    describeStreams(() => network);
    describeServers(() => network);
  });
}
