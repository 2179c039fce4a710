/** The gateway's own metrics: what is counted as it happens. */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { CallInfo } from '../vsphere/client.ts';

/** Seconds; operations that are answered from memory take microseconds, tasks that are waited for up to a minute. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const SOAP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Gauges of prom-client that are named like counters; their sums by type say the same. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Prometheus' registry, and what the parts of the gateway report to. */
export interface GatewayRegistry {
  readonly prom: Registry;
  /**
   * One call of an operation.
   * @param code `ok` or an error code
   */
  observeCall(operation: string, door: string, code: string, seconds: number): void;
  /** One SOAP call to a target. */
  observeSoap(vcenter: string, info: CallInfo): void;
}

/** A registry that holds the process' own metrics already. */
export function createRegistry(): GatewayRegistry {
  const prom = new Registry();
  const registers = [prom];
  collectDefaultMetrics({ register: prom });
  for (const name of MISNAMED) prom.removeSingleMetric(name);

  const calls = new Counter({
    name: 'vsphere_gateway_calls_total',
    help: 'Calls of operations; code is ok or an error code.',
    labelNames: ['operation', 'door', 'code'],
    registers,
  });
  const callSeconds = new Histogram({
    name: 'vsphere_gateway_call_duration_seconds',
    help: 'Duration of calls of operations.',
    labelNames: ['operation', 'door'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const soapCalls = new Counter({
    name: 'vsphere_gateway_soap_calls_total',
    help: 'SOAP calls; outcome is ok, a fault or an error code.',
    labelNames: ['vcenter', 'method', 'outcome'],
    registers,
  });
  const soapSeconds = new Histogram({
    name: 'vsphere_gateway_soap_call_duration_seconds',
    help: 'Duration of SOAP calls; WaitForUpdatesEx waits for changes.',
    labelNames: ['vcenter', 'method'],
    buckets: SOAP_BUCKETS,
    registers,
  });

  return {
    prom,
    observeCall: (operation, door, code, seconds) => {
      calls.inc({ operation, door, code });
      callSeconds.observe({ operation, door }, seconds);
    },
    observeSoap: (vcenter, { method, outcome, ms }) => {
      soapCalls.inc({ vcenter, method, outcome });
      soapSeconds.observe({ vcenter, method }, ms / 1_000);
    },
  };
}
