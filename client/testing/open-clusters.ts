/** Clusters that were started and not closed, with the line that started them. */
const open = new Map<object, string>();
let watching = false;

/** Remembers a cluster until it is closed: a process that ends before says which one it was. */
export function opened(cluster: object): void {
  open.set(cluster, placeOf(new Error().stack ?? ""));
  if (watching) return;
  watching = true;
  process.on("beforeExit", warn);
}

export function closed(cluster: object): void {
  open.delete(cluster);
}

function warn(): void {
  for (const place of open.values())
    process.emitWarning(
      `a test cluster was never closed; it was started ${place}. Use "await using cluster = await startTestCluster()", or await cluster.close() in after()`,
      { code: "LOGWHEEL_TEST_CLUSTER_OPEN" },
    );
  open.clear();
}

/** The first line of a stack outside of this folder. */
function placeOf(stack: string): string {
  const here = import.meta.url.replace(/[^/]*$/, "");
  const line = stack
    .split("\n")
    .slice(1)
    .find((line) => !line.includes(here));
  return line?.trim() ?? "somewhere";
}
