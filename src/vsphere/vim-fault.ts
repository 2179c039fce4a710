/** The two ways in which an answer is bad: vSphere says no, or it says nothing that can be read. */

/** A fault as vSphere types it: its name, and its fields beside it. */
export interface FaultObject {
  $type: string;
  [field: string]: unknown;
}

/** vSphere refused: a SOAP fault, or the error of a Task. */
export class VimFault extends Error {
  /** vSphere's type, e.g. `InvalidPowerState`; `RuntimeFault` where the server named none. */
  readonly faultName: string;
  readonly fault: FaultObject;

  /** @param message the localized text; a server may send none. */
  constructor(fault: FaultObject, message = '') {
    super(message === '' ? fault.$type : message);
    this.name = 'VimFault';
    this.faultName = fault.$type;
    this.fault = fault;
  }
}

/** The answer is not XML, not a SOAP envelope, not the answer to this call, cut off, or over a limit. */
export class XmlError extends Error {
  override name = 'XmlError';
}

/** Body.Fault of a SOAP envelope. */
export interface SoapFault {
  faultstring?: string;
  /** One field, named after the fault. */
  detail?: Record<string, unknown>;
}

export function faultOf({ faultstring, detail = {} }: SoapFault): VimFault {
  const [[name, value] = ['RuntimeFaultFault', undefined]] = Object.entries(detail);
  const fields = typeof value === 'object' ? value : {};
  return new VimFault({ $type: name.replace(/Fault$/, '') || 'RuntimeFault', ...fields }, faultstring);
}
