/** vm.serial.add: a serial port on the network or into a file, by VirtualMachine.ReconfigVM_Task. */
import { z } from 'zod';
import type { Context } from '../../../context.ts';
import { GatewayError } from '../../../errors.ts';
import type { VmRecord } from '../../../live/model.ts';
import { operation } from '../../../operation.ts';
import type { VirtualSerialPort } from '../../../vsphere/vim25/types.ts';
import { TaskShape, vmRef, waitField } from '../../shapes.ts';
import { hardwareToChange, planReconfiguration, reconfigure } from '../hardware/change.ts';
import { datastorePath } from '../hardware/datastore-path.ts';
import { DeviceChanges } from '../hardware/spec.ts';

interface Wanted {
  uri?: string | undefined;
  direction: 'server' | 'client';
  proxy_uri?: string | undefined;
  path?: string | undefined;
}

function backingOf(wanted: Wanted, vm: VmRecord, context: Context): NonNullable<VirtualSerialPort['backing']> {
  const { uri, path, direction, proxy_uri: proxyURI } = wanted;
  if (uri !== undefined && path === undefined) {
    return {
      $type: 'VirtualSerialPortURIBackingInfo',
      serviceURI: uri,
      direction,
      ...(proxyURI === undefined ? {} : { proxyURI }),
    };
  }
  if (path !== undefined && uri === undefined)
    return { $type: 'VirtualSerialPortFileBackingInfo', fileName: datastorePath(path, '.log', vm, context) };
  const detail = 'A serial port goes to a uri or into a file (path); give one of them.';
  throw new GatewayError('invalid_input', detail, { errors: [{ pointer: '/uri', message: detail }] });
}

const URI = /^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]*$/i;

export default operation({
  name: 'vm.serial.add',
  summary: 'Add a serial port to a virtual machine',
  description:
    'Adds a serial port that is reached over the network (telnet, tcp, or through a concentrator) or writes into a file, to see the console of a guest without graphics. The VM must be off, and the firewall of its host must let a network port through. Answers with the task.',
  http: 'POST /v1/vms/{vm}/serial_ports',
  scope: 'provision',
  danger: 'safe',
  toolset: 'hardware',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    uri: z
      .string()
      .max(1024)
      .regex(URI, 'A URI such as telnet://:3000')
      .optional()
      .describe('Where it goes: telnet://:3000 to listen, tcp://10.0.0.5:3000 to call'),
    direction: z.enum(['server', 'client']).default('server').describe('server: the host listens; client: it calls'),
    proxy_uri: z
      .string()
      .max(1024)
      .regex(URI, 'A URI such as telnets://10.0.0.9:13370')
      .optional()
      .describe('Virtual serial port concentrator in between'),
    path: z.string().min(1).max(1024).optional().describe("File it writes instead: '[datastore] folder/console.log'"),
    wait: waitField,
  }),
  output: TaskShape,
  examples: [
    { title: 'Reached by telnet', input: { vm: 'web-01', uri: 'telnet://:3000', wait: 30 } },
    { title: 'Into a file', input: { vm: 'web-01', path: '[ssd-01] web-01/console.log' } },
  ],
})
  .plan(async ({ vm: name, ...wanted }, context) => {
    const hardware = await hardwareToChange(name, context);
    const { vm, devices } = hardware;
    const changes = new DeviceChanges(devices);
    changes.add({
      $type: 'VirtualSerialPort',
      key: changes.newKey(),
      backing: backingOf(wanted, vm, context),
      connectable: { startConnected: true, allowGuestControl: true, connected: true },
      yieldOnPoll: true,
    });
    return planReconfiguration(
      hardware,
      { deviceChange: changes.list },
      `'${vm.name}' gets a serial port to ${wanted.uri ?? wanted.path}.`,
    );
  })
  .run(reconfigure);
