import { systemClock } from "../../../proto/kernel/clock.js";
import { grpcConnect } from "../../../proto/kernel/grpc-client.js";
import { serve } from "../../../proto/kernel/grpc-server.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { describeChannel } from "../../contract/channel.js";

const environment = { clock: systemClock, logger: silentLogger };

describeChannel("gRPC", async () => ({
  connect: grpcConnect({ ...environment, random: () => 0.5 }),
  serve: (served, address) => serve({ ...environment, listen: address ?? "127.0.0.1:0", served }),
  close: async () => {},
}));
