/** All operations, with the look-ups that the doors need, made once at start. */
import type { Operation } from './operation.ts';

export interface Catalogue {
  readonly operations: readonly Operation[];
  /** By `vm.power`. */
  get(name: string): Operation | undefined;
  /** By `vm_power`, the form of MCP tools. */
  byToolName(name: string): Operation | undefined;
}

/** MCP allows no dots in names everywhere; underscores are safe. */
export function toolName(operationName: string): string {
  return operationName.replaceAll('.', '_');
}

/** @throws Error when two operations share a name, or an address. */
export function buildCatalogue(operations: readonly Operation[]): Catalogue {
  const byName = new Map<string, Operation>();
  const byTool = new Map<string, Operation>();
  const addresses = new Set<string>();
  for (const operation of operations) {
    const address = operation.http.replaceAll(/\{\w+\}/g, '{}');
    if (byName.has(operation.name)) throw new Error(`two operations are called ${operation.name}`);
    if (addresses.has(address)) throw new Error(`two operations answer at ${operation.http}`);
    addresses.add(address);
    byName.set(operation.name, operation);
    byTool.set(toolName(operation.name), operation);
  }
  return {
    operations: Object.freeze([...operations]),
    get: (name) => byName.get(name),
    byToolName: (name) => byTool.get(name),
  };
}
