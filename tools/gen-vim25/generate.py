"""Writes src/vsphere/vim25/. See README.md."""

import sys
from importlib.metadata import version
from pathlib import Path

import declarations
import table
import vmodl

HERE = Path(__file__).parent
OUT = HERE.parent.parent / "src" / "vsphere" / "vim25"


def wanted() -> list[str]:
    lines = (HERE / "methods.txt").read_text().splitlines()
    return [name for line in lines if not line.startswith("#") for name in line.split()]


def main() -> None:
    api = vmodl.load()
    names = wanted()
    if unknown := sorted(set(names) - set(api.methods)):
        sys.exit(f"methods.txt names what pyVmomi does not know: {' '.join(unknown)}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        sys.exit(f"methods.txt names twice: {' '.join(twice)}")
    api.methods = {name: api.methods[name] for name in names}
    source = f"pyVmomi {version('pyvmomi')}"
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "vim25.json").write_text(table.render(api, source))
    (OUT / "types.ts").write_text(declarations.render(api, source))
    print(f"{source}: {len(api.types)} types, {len(api.enums)} enums, {len(api.managed)} managed types, {len(names)} methods")


main()
