/** Folder, StoragePod and Datacenter: from their properties to records. */
import type { DatacenterRecord, FolderRecord } from '../../model.ts';
import type { ChangeOf, DatacenterProperties, FolderProperties } from '../properties.ts';
import { NO_STRINGS, type Scope } from '../values.ts';
import { type Identity, setEntity } from './entity.ts';

export function blankFolder(identity: Identity): FolderRecord {
  return { kind: 'folder', ...identity, child_types: NO_STRINGS };
}

export function setFolder(folder: FolderRecord, change: ChangeOf<FolderProperties>, scope: Scope): void {
  if (change.name === 'childType') folder.child_types = change.val?.map((type) => scope.text(type) ?? '') ?? NO_STRINGS;
  else setEntity(folder, change, scope);
}

export function blankDatacenter(identity: Identity): DatacenterRecord {
  return {
    kind: 'datacenter',
    ...identity,
    vm_folder: null,
    host_folder: null,
    datastore_folder: null,
    network_folder: null,
  };
}

export function setDatacenter(place: DatacenterRecord, change: ChangeOf<DatacenterProperties>, scope: Scope): void {
  switch (change.name) {
    case 'vmFolder':
      place.vm_folder = scope.id(change.val);
      break;
    case 'hostFolder':
      place.host_folder = scope.id(change.val);
      break;
    case 'datastoreFolder':
      place.datastore_folder = scope.id(change.val);
      break;
    case 'networkFolder':
      place.network_folder = scope.id(change.val);
      break;
    default:
      setEntity(place, change, scope);
  }
}
