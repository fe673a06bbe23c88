/** How the names of topics and groups begin that only the broker makes, such as dead letters. */
export const RESERVED = "%";

/** Whether a topic or group of this name is the broker's own. */
export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED);
}

/** How the name of the topic begins that has a group's dead letters. */
export const DEAD_LETTERS_PREFIX = "%DLQ%";

/** The topic that has a group's dead letters. */
export function deadLetterTopic(group: string): string {
  return `${DEAD_LETTERS_PREFIX}${group}`;
}

const REDRIVE_PREFIX = "%REDRIVE%";

/** The broker's own group that keeps which dead letters of a group were sent again. */
export function redriveGroup(group: string): string {
  return `${REDRIVE_PREFIX}${group}`;
}

/** The group whose dead letters such a group is for; undefined for another group. */
export function redrivenGroup(name: string): string | undefined {
  return name.startsWith(REDRIVE_PREFIX) ? name.slice(REDRIVE_PREFIX.length) : undefined;
}
