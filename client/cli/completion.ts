import { COMPLETE_FLAG } from "./completions.js";
import { verb } from "./verb.js";

/** Each script asks logwheel itself which words may follow. */
const SCRIPTS = {
  bash: `_logwheel() {
  local words
  words=$(logwheel ${COMPLETE_FLAG} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _logwheel logwheel`,
  zsh: `#compdef logwheel
_logwheel() {
  local -a found
  found=("\${(@f)$(logwheel ${COMPLETE_FLAG} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  _describe 'logwheel' found
}
compdef _logwheel logwheel`,
  fish: `complete -c logwheel -f -a '(logwheel ${COMPLETE_FLAG} (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
} as const;

/** `logwheel completion`. */
export const verbs = [
  verb({
    command: "completion <shell>",
    describe: "Print a completion script; for bash: source <(logwheel completion bash)",
    positionals: {
      shell: { choices: ["bash", "zsh", "fish"], demandOption: true, description: "Whose script" },
    },
    async run({ shell }, terminal) {
      await terminal.out(SCRIPTS[shell]);
    },
  }),
];
