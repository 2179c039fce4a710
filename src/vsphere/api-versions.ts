/** vimServiceVersions.xml: which releases of the API a server speaks. */
import { SaxesParser } from 'saxes';
import { XmlError } from './decode.ts';

const NAMESPACE = 'urn:vim25';

/** @returns the releases of urn:vim25, newest first; marketing suffixes as in `2.5u2` are left out. */
export function apiVersions(xml: string): string[] {
  const parser = new SaxesParser({ position: false });
  const versions = new Set<string>();
  let text = '';
  let namespace = '';
  parser.on('opentag', () => {
    text = '';
  });
  parser.on('text', (more) => {
    text += more;
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'name') namespace = text.trim();
    else if (name === 'version' && namespace === NAMESPACE && /^[\d.]+$/.test(text.trim())) versions.add(text.trim());
    text = '';
  });
  try {
    parser.write(xml).close();
  } catch (error) {
    throw new XmlError('The list of API versions is not well-formed XML', { cause: error });
  }
  return [...versions].sort(byRelease).reverse();
}

function byRelease(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
