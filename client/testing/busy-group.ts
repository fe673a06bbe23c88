import type { Admin } from "../sdk/admin-types.js";

/** What some group still has to do without any time passing, as a sentence; null if none has. */
export async function busyGroup({ groups }: Admin): Promise<string | null> {
  for (const { name, members } of await groups.list().toArray()) {
    if (members === 0) continue;
    const { queues, paused } = await groups.describe(name);
    for (const { topic, ready, inFlight } of queues) {
      if (inFlight > 0) return `group ${name} has ${inFlight} messages of ${topic} in its hands`;
      if (ready > 0 && !paused)
        return `group ${name} has ${ready} messages of ${topic} that are ready for it`;
    }
  }
  return null;
}
