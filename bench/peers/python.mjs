/** pyVmomi, pinned, in a virtual environment of the bench's own. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const VENV = path('../.venv');
const PYTHON = `${VENV}/bin/python`;
const REQUIREMENTS = path('./requirements.txt');

/** @returns what it is called and how to load an inventory with it; or, without Python or pip, why not. */
export async function preparePython() {
  const [requirement] = readFileSync(REQUIREMENTS, 'utf8').split('\n');
  try {
    if (!installed(requirement)) {
      console.log(`Installing ${requirement} in bench/.venv …`);
      await run('python3', ['-m', 'venv', VENV]);
      await run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]);
    }
    return { about: requirement.replace('==', ' '), load };
  } catch (error) {
    const [reason] = String(error.stderr || error.message).split('\n');
    return { missing: `${reason} (python3 with venv and pip is needed)` };
  }
}

function installed(requirement) {
  try {
    return execFileSync(PYTHON, ['-m', 'pip', 'freeze'], { encoding: 'utf8', stdio: 'pipe' }).includes(requirement);
  } catch {
    return false;
  }
}

async function load(input) {
  const child = spawn(PYTHON, [path('./load.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(input));
  return JSON.parse(await text(child.stdout));
}
