const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Delay levels as in RocketMQ, milliseconds, level 1 first: 1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h. */
export const DELAY_LEVELS: readonly number[] = [
  ...[1_000, 5_000, 10_000, 30_000],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2].map((hours) => hours * HOUR_MS),
];
