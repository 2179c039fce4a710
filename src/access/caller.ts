/** Who is calling, and what that lets them do. */

/** From least to most; each scope includes those before it. */
export const SCOPES = ['read', 'operate', 'provision', 'admin'] as const;

/** read: look · operate: change the state of what exists · provision: make and destroy · admin: keys and the gateway itself. */
export type Scope = (typeof SCOPES)[number];

/** An authenticated client. Immutable; a changed key makes a new one. */
export interface Caller {
  /** Id of the key, safe to log. */
  readonly key_id: string;
  /** The person or program that the key was made for. */
  readonly owner: string;
  /** As granted; ask `hasScope`, which knows that a higher one includes the lower. */
  readonly scopes: ReadonlySet<Scope>;
}

/** Whether the caller holds the scope or one above it. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  for (let rank = SCOPES.indexOf(scope); rank < SCOPES.length; rank++) {
    const candidate = SCOPES[rank];
    if (candidate !== undefined && caller.scopes.has(candidate)) return true;
  }
  return false;
}
