/** An in-process rollup that can go back. */
interface Connection {
  readonly networkHelpers: { takeSnapshot(): Promise<{ restore(): Promise<void> }> };
}

/** Remembers all rollups; the function that it returns goes back there, as often as wanted. */
export async function rememberAll(connections: readonly Connection[]): Promise<() => Promise<void>> {
  const snapshots = await Promise.all(connections.map(({ networkHelpers }) => networkHelpers.takeSnapshot()));
  return async () => {
    for (const snapshot of snapshots) await snapshot.restore();
  };
}

/** A fixture that is made once: every further call goes back to how it left its rollups. */
export function shared<T extends { readonly connections: readonly Connection[] }>(
  make: () => Promise<T>,
): () => Promise<T> {
  let made: { readonly fixture: T; readonly back: () => Promise<void> } | undefined;
  return async () => {
    if (made === undefined) {
      const fixture = await make();
      made = { fixture, back: await rememberAll(fixture.connections) };
    } else {
      await made.back();
    }
    return made.fixture;
  };
}
