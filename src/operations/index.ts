/** The list of operations: what the gateway can do. */
import type { Operation } from '../operation.ts';
import clusterList from './cluster/list.ts';
import datastoreList from './datastore/list.ts';
import folderList from './folder/list.ts';
import hostGet from './host/get.ts';
import hostList from './host/list.ts';
import networkList from './network/list.ts';
import systemAbout from './system/about.ts';
import taskCancel from './task/cancel.ts';
import taskGet from './task/get.ts';
import taskList from './task/list.ts';
import vmGet from './vm/get.ts';
import vmList from './vm/list.ts';
import vmMetrics from './vm/metrics.ts';
import vmPower from './vm/power.ts';

export const operations: readonly Operation[] = [
  vmList,
  vmGet,
  vmPower,
  vmMetrics,
  hostList,
  hostGet,
  clusterList,
  datastoreList,
  networkList,
  folderList,
  taskList,
  taskGet,
  taskCancel,
  systemAbout,
];
