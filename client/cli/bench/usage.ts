import { readFileSync } from "node:fs";

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

/** The kernel counts processor time in hundredths of a second here, on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What this process has used. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakMemoryBytes: process.resourceUsage().maxRSS * 1_024 };
}

/** Memory that another process has now, bytes, without files that are mapped, by Linux's /proc; 0 elsewhere. */
export function memoryOf(pid: number): number {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** What another process has used, by Linux's /proc; undefined elsewhere, or when it has ended. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMemoryBytes: Number(peak?.[1] ?? 0) * 1_024 };
  } catch {
    return undefined;
  }
}
