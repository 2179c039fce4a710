/** The public shape of a task, and how vSphere's TaskInfo becomes one. */
import type { ErrorCode } from '../../errors.ts';
import { clean, faultAncestors, faultFromTask } from '../../vsphere/faults.ts';
import type { MoRef, TaskInfo } from '../../vsphere/vim25/types.ts';
import { toId } from '../model.ts';

export type TaskState = 'queued' | 'running' | 'success' | 'error' | 'cancelled' | 'unknown';

/** The request of the gateway that began a task. */
export interface TaskOrigin {
  operation: string;
  key_id: string;
  request_id: string;
}

/** What became of one of the objects that a task of the gateway's works on. */
export interface TaskDetail {
  /** Id and name of the object. */
  readonly target: string;
  readonly target_name: string;
  /** `skipped`: there was nothing to do. */
  readonly state: 'success' | 'error' | 'cancelled' | 'unknown' | 'skipped';
  /** Id of the task that did it; null where none was begun. */
  readonly task: string | null;
  readonly error: Task['error'];
}

/** A task of vSphere's, or one that the gateway carries out itself. Immutable: a change makes a new one. */
export interface Task {
  readonly id: string;
  readonly vcenter: string;
  /** null: the gateway's own. */
  readonly moref: string | null;
  /** TaskInfo.descriptionId, e.g. `VirtualMachine.powerOn`; until vCenter has told it, the operation's name. */
  readonly name: string;
  readonly description: string | null;
  /** `unknown`: vCenter has forgotten the task before we learnt its end. */
  readonly state: TaskState;
  /** 0 to 100; it may go back. */
  readonly progress: number | null;
  readonly cancelable: boolean;
  /** Id of the object it works on. */
  readonly target: string | null;
  readonly target_name: string | null;
  /** The object it made. */
  readonly result: { readonly id: string } | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly fault: string | null } | null;
  /** Of a task of the gateway's over several objects: those that are done with. */
  readonly details?: TaskDetail[];
  /** vSphere's user; for tasks begun by the gateway, the gateway's own account. */
  readonly user: string | null;
  /** Times are RFC 3339. */
  readonly queued_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  /** null: begun elsewhere. */
  readonly origin: TaskOrigin | null;
}

export const hasEnded = ({ state }: Task): boolean => state !== 'queued' && state !== 'running';

/** @param before what we know of it besides: who began it, on what. */
export function fromInfo(vcenter: string, info: TaskInfo, before: Task | undefined): Task {
  const { entity, entityName, result, reason } = info;
  return Object.freeze({
    id: toId(vcenter, info.task.value),
    vcenter,
    moref: info.task.value,
    name: info.descriptionId,
    description: info.description?.message === undefined ? null : clean(info.description.message),
    ...ending(vcenter, info),
    progress: info.state === 'success' ? 100 : (info.progress ?? null),
    cancelable: info.cancelable,
    target: entity === undefined ? (before?.target ?? null) : toId(vcenter, entity.value),
    // The name we called it by, where we began it: vCenter's may be of an earlier moment.
    target_name: before?.target_name ?? entityName ?? null,
    result: isReference(result) ? { id: toId(vcenter, result.value) } : null,
    user: reason?.$type === 'TaskReasonUser' ? reason.userName : null,
    queued_at: info.queueTime.toISOString(),
    started_at: info.startTime?.toISOString() ?? null,
    completed_at: completedAt(info),
    origin: before?.origin ?? null,
  });
}

function completedAt({ state, completeTime }: TaskInfo): string | null {
  if (completeTime !== undefined) return completeTime.toISOString();
  return state === 'success' || state === 'error' ? new Date().toISOString() : null;
}

function ending(vcenter: string, { state, error, name }: TaskInfo): Pick<Task, 'state' | 'error'> {
  if (state !== 'error') return { state, error: null };
  if (error === undefined) {
    return {
      state,
      error: { code: 'upstream_fault', message: 'The task failed; vSphere does not say why.', fault: null },
    };
  }
  if (faultAncestors(error.fault.$type ?? 'MethodFault').includes('RequestCanceled'))
    return { state: 'cancelled', error: null };
  const { code, message, extras } = faultFromTask(error, {
    vcenter,
    ...(name === undefined ? {} : { method: name }),
    write: true,
  });
  return { state, error: { code, message, fault: extras.fault ?? null } };
}

/** TaskInfo.result may be anything: only a reference to an object has an id. */
function isReference(value: unknown): value is MoRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    '$type' in value &&
    'value' in value &&
    typeof value.value === 'string' &&
    Object.keys(value).length === 2
  );
}

const FIELDS = [
  'name',
  'description',
  'state',
  'progress',
  'cancelable',
  'target',
  'target_name',
  'user',
  'queued_at',
  'started_at',
  'completed_at',
  'origin',
  'details',
] as const satisfies (keyof Task)[];

/** Whether nothing that leaves the gateway differs. */
export function isSame(a: Task, b: Task): boolean {
  return a.result?.id === b.result?.id && FIELDS.every((field) => a[field] === b[field]);
}
