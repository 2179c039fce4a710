/** Datastore: from its properties to a DatastoreRecord. */
import type { DatastoreRecord } from '../../model.ts';
import type { ChangeOf, DatastoreProperties } from '../properties.ts';
import { cleanText, NO_STRINGS, type Scope } from '../values.ts';
import { type Identity, setEntity } from './entity.ts';

export function blankDatastore(identity: Identity): DatastoreRecord {
  return {
    kind: 'datastore',
    ...identity,
    datastore_type: '',
    url: '',
    capacity_bytes: 0,
    free_bytes: 0,
    accessible: false,
    maintenance_mode: 'normal',
    multiple_host_access: null,
    hosts: NO_STRINGS,
  };
}

export function setDatastore(datastore: DatastoreRecord, change: ChangeOf<DatastoreProperties>, scope: Scope): void {
  switch (change.name) {
    case 'host':
      datastore.hosts = scope.ids(change.val?.map(({ key }) => key));
      break;
    case 'summary.type':
      datastore.datastore_type = scope.text(change.val) ?? '';
      break;
    case 'summary.url':
      datastore.url = cleanText(change.val);
      break;
    case 'summary.capacity':
      datastore.capacity_bytes = change.val ?? 0;
      break;
    case 'summary.freeSpace':
      datastore.free_bytes = change.val ?? 0;
      break;
    case 'summary.accessible':
      datastore.accessible = change.val ?? false;
      break;
    case 'summary.maintenanceMode':
      datastore.maintenance_mode = scope.text(change.val) ?? 'normal';
      break;
    case 'summary.multipleHostAccess':
      datastore.multiple_host_access = change.val ?? null;
      break;
    default:
      setEntity(datastore, change, scope);
  }
}
