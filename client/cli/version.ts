import { packageVersion } from "../../proto/kernel/version.js";
import { OUTPUT_OPTION, showOne } from "./output.js";
import { verb } from "./verb.js";

/** `logwheel version`. */
export const verbs = [
  verb({
    command: "version",
    describe: "Print the version",
    options: OUTPUT_OPTION,
    async run({ output }, terminal) {
      const { version: node, platform, arch } = process;
      await showOne(terminal, output, {
        logwheel: packageVersion,
        protocol: 1,
        node,
        platform: `${platform}-${arch}`,
      });
    },
  }),
];
