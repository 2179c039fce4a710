/** Which SOAP methods change nothing that anybody but the caller's own session sees. */
import type { LabStats } from './lab.ts';

/** Reads, and what logins, collectors, filters and views of a session need. */
const HARMLESS =
  /^(?:GET .*|Login|Logout|CurrentTime|WaitForUpdatesEx|CancelWaitForUpdates|(?:Retrieve|ContinueRetrieve|CancelRetrieve|Query|Find|Fetch|Get|List|Search|Check|Validate|Parse|Estimate)\w*|SessionIsActive|(?:Create|Destroy)(?:PropertyCollector|PropertyFilter|ContainerView|ListView)|CreateFilter|DestroyView|ModifyListView|HasPrivilege\w*)$/;

/** Methods that the lab was called with and that may change something. */
export function mutatingCalls(stats: LabStats): string[] {
  return Object.keys(stats.method).filter((method) => !HARMLESS.test(method));
}
