/** Which of our codes each vSphere fault becomes. A fault that is not listed takes the row of its nearest listed ancestor. */
import type { ErrorCode } from '../errors.ts';

export interface FaultRule {
  code: ErrorCode;
  /** Seconds, for what passes by itself. */
  retryAfter?: number;
  /** Where the fault differs from its code. */
  retryable?: boolean;
}

type Row = [code: ErrorCode, faults: string, but?: Omit<FaultRule, 'code'>];

const ROWS: readonly Row[] = [
  // Who we are, and what we may do.
  ['upstream_session', 'NotAuthenticated'],
  ['upstream_auth', 'InvalidLogin InvalidToken SSPIChallenge AuthenticationRequired'],
  ['upstream_forbidden', 'SecurityError NoPermission'],
  [
    'upstream_license',
    'RestrictedVersion SolutionUserRequired NotEnoughLicenses LicenseAssignmentFailed InvalidLicense',
  ],
  ['upstream_license', 'ThirdPartyLicenseAssignmentFailed VMotionNotLicensed FaultToleranceNotLicensed'],
  ['upstream_restricted', 'RestrictedByAdministrator'],
  ['guest_auth', 'InvalidGuestLogin GuestPermissionDenied GuestAuthenticationChallenge'],

  // What was asked for.
  ['not_found', 'ManagedObjectNotFound NotFound KeyNotFound FileNotFound UserNotFound GuestProcessNotFound'],
  ['not_found', 'NoDiskFound LicenseEntityNotFound SessionNotFound'],
  ['invalid_argument', 'InvalidArgument InvalidProperty InvalidRequest InvalidName InvalidFolder InvalidLocale'],
  [
    'invalid_argument',
    'InvalidDatastorePath InvalidPrivilege InvalidEvent InvalidProfileReferenceHost InvalidScheduledTask',
  ],
  [
    'invalid_argument',
    'OutOfBounds LimitExceeded FileNameTooLong IncorrectFileType NotADirectory NotAFile InvalidFormat',
  ],
  ['invalid_config', 'VmConfigFault CustomizationFault VAppConfigFault DvsFault HostConfigFault'],
  ['invalid_config', 'OvfImport OvfInvalidPackage OvfUnsupportedPackage'],
  ['file_too_large', 'FileTooLarge'],
  ['not_supported', 'NotSupported NotImplemented MethodNotFound OperationNotSupportedByGuest UnsupportedVimApiVersion'],

  // The state things are in.
  ['already_exists', 'DuplicateName AlreadyExists FileAlreadyExists AlreadyConnected AlreadyBeingManaged'],
  ['already_exists', 'VmAlreadyExistsInDatacenter ConflictingDatastoreFound'],
  ['invalid_power_state', 'InvalidPowerState'],
  ['invalid_state', 'InvalidState CustomizationPending CannotDisableDrsOnClustersWithVApps'],
  ['question_pending', 'QuestionPending'],
  ['busy', 'TaskInProgress VAppOperationInProgress ConcurrentAccess FileLocked SnapshotLocked', { retryAfter: 5 }],
  ['busy', 'FailToLockFaultToleranceVMs', { retryAfter: 5 }],
  ['in_use', 'ResourceInUse DirectoryNotEmpty RemoveFailed'],
  ['disabled', 'MethodDisabled MethodAlreadyDisabledFault DisallowedChangeByService OperationDisallowedOnHost'],
  ['disabled', 'DisallowedOperationOnFailoverHost HostAccessRestrictedToManagementServer'],
  ['snapshot_failed', 'SnapshotFault'],
  ['incompatible', 'MigrationFault VmFaultToleranceIssue NoCompatibleHost NoCompatibleDatastore NoConnectedDatastore'],
  ['incompatible', 'InvalidDatastore ResourceNotAvailable NotSupportedHost CannotAddHostWithFTVmAsStandalone'],
  ['incompatible', 'CannotAddHostWithFTVmToDifferentCluster CannotAddHostWithFTVmToNonHACluster'],
  ['insufficient_resources', 'InsufficientResourcesFault TooManyHosts InsufficientStorageIops'],
  ['insufficient_storage', 'NoDiskSpace InsufficientStorageSpace'],
  ['file_failed', 'FileFault'],
  ['guest_unavailable', 'GuestOperationsUnavailable ToolsUnavailable', { retryAfter: 15 }],
  ['guest_unavailable', 'GuestComponentsOutOfDate OperationDisabledByGuest', { retryable: false }],
  ['upstream_limit', 'TooManyGuestLogons MksConnectionLimitReached TooManyConcurrentNativeClones', { retryAfter: 30 }],
  ['upstream_limit', 'TooManyConsecutiveOverrides', { retryAfter: 30 }],

  // What went wrong behind vSphere or in it.
  ['host_unreachable', 'HostCommunication HostConnectFault UnrecognizedHost HttpFault'],
  ['host_unreachable', 'NoPermissionOnHost', { retryable: false }],
  ['host_tls', 'SSLVerifyFault SSLDisabledFault MultipleCertificatesVerifyFault GatewayToHostTrustVerifyFault'],
  ['upstream_timeout', 'Timedout'],
  ['upstream_cancelled', 'RequestCanceled'],
  ['upstream_error', 'RuntimeFault SystemError UnexpectedFault DatabaseError NetworkCopyFault InvalidCollectorVersion'],
  ['upstream_fault', 'VimFault MethodFault'],
];

/** By vim25 type name. */
export const FAULT_RULES: ReadonlyMap<string, FaultRule> = new Map(
  ROWS.flatMap(([code, faults, but]) => faults.split(' ').map((name) => [name, { code, ...but }] as const)),
);

/** For a type this table's API version has never heard of: vSphere said no, and we cannot say more. */
export const UNKNOWN_FAULT: FaultRule = { code: 'upstream_fault' };
