/** The only place where a fault, or any other failure of vSphere, becomes an error that may leave the gateway. */
import { type ErrorExtras, GatewayError, toGatewayError } from '../errors.ts';
import { EncodeError } from './encode.ts';
import { FAULT_RULES, type FaultRule, UNKNOWN_FAULT } from './fault-table.ts';
import { CODE_SENTENCES, FAULT_SENTENCES, type FaultFacts, nounOf } from './fault-words.ts';
import { HttpError } from './http.ts';
import { errorCode, isOurs, type Outage, outageOf } from './outage.ts';
import { vimSchema } from './schema.ts';
import { VimFault, XmlError } from './vim-fault.ts';
import type { LocalizedMethodFault } from './vim25/types.ts';

/** What the failed call was. */
export interface About {
  /** Name of the vCenter, as configured. Without it, `details` holds bare references instead of ids. */
  vcenter?: string;
  /** vim25 method, e.g. `PowerOnVM_Task`. */
  method?: string;
  /** The call changes something: where its outcome is unknown it must not be repeated blindly. */
  write?: boolean;
}

/** The type itself first, then its bases up to MethodFault; of an unknown type only itself. */
export function faultAncestors(name: string): string[] {
  const { types } = vimSchema();
  const chain: string[] = [];
  for (let at: string | undefined = name; at !== undefined && chain.length < 20; at = types.get(at)?.base) {
    chain.push(at);
  }
  return chain;
}

/** Any failure of a call to vSphere, with a code of ours, words of ours, and the fault's own typed fields. */
export function fromVsphere(error: unknown, about: About = {}): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof VimFault) return fromFault(error.fault, error.message, about, error);
  const outage = outageOf(error);
  if (outage !== undefined) return fromOutage(outage, error, about);
  if (error instanceof XmlError) return malformed(`${nameIn(about)} sent an answer that cannot be read.`, error, about);
  if (error instanceof HttpError) {
    return malformed(
      `${nameIn(about)} answered with HTTP ${error.status} and no SOAP; check its \`url\`.`,
      error,
      about,
    );
  }
  if (error instanceof EncodeError) {
    return new GatewayError('invalid_argument', `The call cannot be sent: ${clean(error.message)}.`, { cause: error });
  }
  if (error instanceof Error && isOurs(error)) {
    return new GatewayError('upstream_cancelled', 'The gateway gave the call up before vSphere had answered.', {
      cause: error,
      ...unlessWrite(about),
    });
  }
  return toGatewayError(error);
}

/** The error of a task that failed (TaskInfo.error), as `fromVsphere` would say it of a call. */
export function faultFromTask(error: LocalizedMethodFault, about: About): GatewayError {
  return fromFault(error.fault, error.localizedMessage ?? '', about, undefined);
}

const nameIn = ({ vcenter = 'vSphere' }: About): string => vcenter;

type Fields = Readonly<Record<string, unknown>>;

function fromFault(typed: object, text: string, about: About, cause: unknown): GatewayError {
  const fault: Fields = { ...typed };
  const name = typeof fault['$type'] === 'string' ? fault['$type'] : 'MethodFault';
  const chain = faultAncestors(name);
  const rule = refine(firstOf(chain, (type) => FAULT_RULES.get(type)) ?? UNKNOWN_FAULT, name, fault);
  const retryable = rule.retryable ?? (UNCLEAR.has(rule.code) && about.write === true ? false : undefined);
  const details = safeFields(name, fault, about.vcenter);
  const words = clean(text);
  if (words !== '' && words !== name) details['vsphere_message'] = words;
  const extras: ErrorExtras = { fault: clean(name), cause };
  if (Object.keys(details).length > 0) extras.details = details;
  if (rule.retryAfter !== undefined) extras.retry_after = rule.retryAfter;
  if (retryable !== undefined) extras.retryable = retryable;
  return new GatewayError(rule.code, sentence(chain, rule, factsOf(fault, about)), extras);
}

/** Codes after which nobody knows whether a write was done. */
const UNCLEAR: ReadonlySet<string> = new Set([
  'upstream_timeout',
  'upstream_cancelled',
  'upstream_error',
  'host_unreachable',
]);

/** An unresolved user is one that vCenter could not ask its directory about: no statement on whether there is one. */
function refine(rule: FaultRule, name: string, fault: Fields): FaultRule {
  return name === 'UserNotFound' && fault['unresolved'] === true ? { code: 'upstream_error' } : rule;
}

function firstOf<T>(chain: readonly string[], find: (type: string) => T | undefined): T | undefined {
  for (const type of chain) {
    const found = find(type);
    if (found !== undefined) return found;
  }
  return undefined;
}

function sentence(chain: readonly string[], { code }: FaultRule, facts: FaultFacts): string {
  // An ancestor's words fit only while its code does.
  const own = firstOf(chain, (type) =>
    (FAULT_RULES.get(type)?.code ?? code) === code ? FAULT_SENTENCES[type] : undefined,
  );
  const words =
    own ?? (code === 'upstream_timeout' ? timeoutWords : CODE_SENTENCES[code]) ?? 'vSphere refused the call.';
  return typeof words === 'string' ? words : words(facts);
}

const timeoutWords = ({ method }: FaultFacts): string =>
  `vSphere did not finish ${method ?? 'the call'} in time; if it changes something, look whether it was done before repeating it.`;

function factsOf(fault: Fields, { method }: About): FaultFacts {
  const word = (field: string): string | undefined => {
    const value = fault[field];
    return typeof value === 'string' && /^[\w.[\]-]{1,120}$/.test(value) ? value : undefined;
  };
  return {
    method,
    word,
    number: (field) => (typeof fault[field] === 'number' ? fault[field] : undefined),
    noun: (field) => nounOf(referenceOf(fault[field])?.$type),
  };
}

/** Fields that may carry a secret, or a document, rather than a fact. */
const WITHHELD =
  /token|password|secret|certificate|challenge|licen[sc]e(?:key|content)|^sessionID$|^value$|^fault(?:Cause|Message)$/i;

function safeFields(name: string, fault: Fields, vcenter: string | undefined): Record<string, unknown> {
  const declared = vimSchema().types.get(name)?.fields;
  const safe: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fault)) {
    if (field === '$type' || WITHHELD.test(field) || declared?.get(field)?.secret === true) continue;
    const fact = factOf(value, vcenter);
    if (fact !== undefined) safe[field.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()] = fact;
  }
  return safe;
}

/** Scalars, times, ids of objects, and short lists of these. Nested objects say too much and are left out. */
function factOf(value: unknown, vcenter: string | undefined): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) {
    const facts = value
      .slice(0, 20)
      .map((item) => factOf(item, vcenter))
      .filter((fact) => fact !== undefined);
    return facts.length > 0 ? facts : undefined;
  }
  const reference = referenceOf(value);
  if (reference === undefined) return undefined;
  const moref = clean(reference.value);
  return vcenter === undefined ? moref : `${vcenter}:${moref}`;
}

function referenceOf(value: unknown): { $type: string; value: string } | undefined {
  if (typeof value !== 'object' || value === null || !('$type' in value) || !('value' in value)) return undefined;
  const { $type, value: moref } = value;
  // A data object with a field `value` has more fields, or is not a pair of strings.
  if (typeof $type !== 'string' || typeof moref !== 'string' || Object.keys(value).length > 2) return undefined;
  return { $type, value: moref };
}

/** Text of vSphere's that is going to stand in a field of ours: one line, no control characters, 500 characters at most. */
export function clean(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}

function unlessWrite({ write }: About): { retryable?: false } {
  return write === true ? { retryable: false } : {};
}

function malformed(detail: string, cause: Error, about: About): GatewayError {
  return new GatewayError('upstream_malformed', detail, { cause, ...unlessWrite(about) });
}

const OUTAGE_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  UND_ERR_CONNECT_TIMEOUT: 'the connection took too long',
};

function fromOutage(outage: Outage, error: unknown, about: About): GatewayError {
  const { method = 'the call', write } = about;
  const vcenter = nameIn(about);
  const code = errorCode(error);
  switch (outage) {
    case 'tls':
      return new GatewayError('upstream_tls', tlsWords(error, vcenter), { cause: error });
    case 'timeout':
      return write === true
        ? new GatewayError(
            'upstream_timeout',
            `${vcenter} did not answer ${method} in time; look whether it was done before repeating it.`,
            { cause: error, retryable: false },
          )
        : new GatewayError('upstream_timeout', `${vcenter} did not answer ${method} in time; try again shortly.`, {
            cause: error,
          });
    case 'broken':
      return new GatewayError(
        'upstream_unavailable',
        write === true
          ? `The connection to ${vcenter} broke during ${method}; look whether it was done before repeating it.`
          : `The connection to ${vcenter} broke; try again shortly.`,
        { cause: error, retry_after: 5, ...unlessWrite(about) },
      );
    case 'http': {
      const status = error instanceof HttpError ? error.status : 503;
      // 502 and 504 say that the proxy passed the call on; 503, that it could not.
      return unavailable(about, `its services are not up (HTTP ${status})`, error, status === 503);
    }
    case 'connect':
      return unavailable(about, OUTAGE_WORDS[code ?? ''] ?? 'no connection came about', error, true);
  }
}

/** @param unsent nothing of the call reached vSphere, so even a write may be repeated. */
function unavailable(about: About, why: string, cause: unknown, unsent: boolean): GatewayError {
  return new GatewayError('upstream_unavailable', `${nameIn(about)} cannot be reached: ${why}; try again shortly.`, {
    cause,
    retry_after: 5,
    ...(unsent ? {} : unlessWrite(about)),
  });
}

/** Our own words on the certificate, with the fingerprint that a pin would need. */
function tlsWords(error: unknown, vcenter: string): string {
  return error instanceof Error ? clean(error.message) : `The certificate of ${vcenter} is not trusted.`;
}
