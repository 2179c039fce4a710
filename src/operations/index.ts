/** The list of operations: what the gateway can do. */
import type { Operation } from '../operation.ts';
import clusterList from './cluster/list.ts';
import customizationCreate from './customization/create.ts';
import customizationDelete from './customization/delete.ts';
import customizationGet from './customization/get.ts';
import customizationList from './customization/list.ts';
import datacenterList from './datacenter/list.ts';
import datastoreList from './datastore/list.ts';
import folderList from './folder/list.ts';
import guestEnv from './guest/env.ts';
import guestExec from './guest/exec.ts';
import guestFileDelete from './guest/file/delete.ts';
import guestFileDownload from './guest/file/download.ts';
import guestFileList from './guest/file/list.ts';
import guestFileMkdir from './guest/file/mkdir.ts';
import guestFileMove from './guest/file/move.ts';
import guestFileUpload from './guest/file/upload.ts';
import guestInfo from './guest/info.ts';
import guestProcessKill from './guest/process/kill.ts';
import guestProcessList from './guest/process/list.ts';
import hostGet from './host/get.ts';
import hostList from './host/list.ts';
import hostMetrics from './host/metrics.ts';
import inventoryFind from './inventory/find.ts';
import inventoryInvoke from './inventory/invoke.ts';
import inventoryProperties from './inventory/properties.ts';
import inventorySearch from './inventory/search.ts';
import metricsCounters from './metrics/counters.ts';
import networkList from './network/list.ts';
import poolList from './pool/list.ts';
import reportSnapshots from './report/snapshots.ts';
import systemAbout from './system/about.ts';
import taskCancel from './task/cancel.ts';
import taskGet from './task/get.ts';
import taskList from './task/list.ts';
import templateDeploy from './template/deploy.ts';
import templateList from './template/list.ts';
import vmAnswer from './vm/answer.ts';
import vmBootGet from './vm/boot/get.ts';
import vmBootSet from './vm/boot/set.ts';
import vmCdromEject from './vm/cdrom/eject.ts';
import vmCdromMount from './vm/cdrom/mount.ts';
import vmCheckMigrate from './vm/check-migrate.ts';
import vmClone from './vm/clone.ts';
import vmConsolidate from './vm/consolidate.ts';
import vmControllerAdd from './vm/controller/add.ts';
import vmControllerRemove from './vm/controller/remove.ts';
import vmCreate from './vm/create.ts';
import vmCustomize from './vm/customize.ts';
import vmDelete from './vm/delete.ts';
import vmDeviceList from './vm/device/list.ts';
import vmDiskAdd from './vm/disk/add.ts';
import vmDiskAttach from './vm/disk/attach.ts';
import vmDiskExtend from './vm/disk/extend.ts';
import vmDiskMove from './vm/disk/move.ts';
import vmDiskRemove from './vm/disk/remove.ts';
import vmGet from './vm/get.ts';
import vmList from './vm/list.ts';
import vmMarkTemplate from './vm/mark-template.ts';
import vmMarkVm from './vm/mark-vm.ts';
import vmMetrics from './vm/metrics.ts';
import vmMigrate from './vm/migrate.ts';
import vmMove from './vm/move.ts';
import vmNicAdd from './vm/nic/add.ts';
import vmNicRemove from './vm/nic/remove.ts';
import vmNicUpdate from './vm/nic/update.ts';
import vmPower from './vm/power.ts';
import vmPowerMany from './vm/power-many.ts';
import vmReconfigure from './vm/reconfigure.ts';
import vmRegister from './vm/register.ts';
import vmRename from './vm/rename.ts';
import vmScreenshot from './vm/screenshot.ts';
import vmSerialAdd from './vm/serial/add.ts';
import vmSerialRemove from './vm/serial/remove.ts';
import vmSnapshotCreate from './vm/snapshot/create.ts';
import vmSnapshotList from './vm/snapshot/list.ts';
import vmSnapshotRemove from './vm/snapshot/remove.ts';
import vmSnapshotRemoveAll from './vm/snapshot/remove-all.ts';
import vmSnapshotRename from './vm/snapshot/rename.ts';
import vmSnapshotRevert from './vm/snapshot/revert.ts';
import vmTpmAdd from './vm/tpm/add.ts';
import vmUnregister from './vm/unregister.ts';
import vmUpgradeHardware from './vm/upgrade-hardware.ts';
import vmWait from './vm/wait.ts';

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
  vmSnapshotList,
  vmSnapshotCreate,
  vmSnapshotRevert,
  vmSnapshotRemove,
  vmSnapshotRemoveAll,
  vmSnapshotRename,
  reportSnapshots,
  vmCreate,
  vmClone,
  vmMigrate,
  vmCheckMigrate,
  vmCustomize,
  templateList,
  templateDeploy,
  customizationList,
  customizationGet,
  customizationCreate,
  customizationDelete,
  inventorySearch,
  inventoryFind,
  poolList,
  datacenterList,
  hostMetrics,
  metricsCounters,
  inventoryProperties,
  inventoryInvoke,
  vmPowerMany,
  guestExec,
  guestProcessList,
  guestProcessKill,
  guestFileList,
  guestFileUpload,
  guestFileDownload,
  guestFileDelete,
  guestFileMove,
  guestFileMkdir,
  guestEnv,
  guestInfo,
  vmScreenshot,
  vmRename,
  vmDelete,
  vmReconfigure,
  vmMarkTemplate,
  vmMarkVm,
  vmMove,
  vmUnregister,
  vmRegister,
  vmUpgradeHardware,
  vmConsolidate,
  vmAnswer,
  vmWait,
  vmDeviceList,
  vmDiskAdd,
  vmDiskExtend,
  vmDiskRemove,
  vmDiskAttach,
  vmDiskMove,
  vmNicAdd,
  vmNicUpdate,
  vmNicRemove,
  vmCdromMount,
  vmCdromEject,
  vmBootGet,
  vmBootSet,
  vmControllerAdd,
  vmControllerRemove,
  vmSerialAdd,
  vmSerialRemove,
  vmTpmAdd,
];
