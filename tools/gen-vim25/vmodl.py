"""Reads pyVmomi's type metadata into plain dictionaries keyed by the names that go over the wire."""

import re
from dataclasses import dataclass, field

from pyVmomi import VmomiSupport as V

LINK, _LINKABLE, OPTIONAL, SECRET = 1, 2, 4, 8

PRIMITIVES = {
    "string": "string", "int": "int", "long": "long", "short": "short", "byte": "byte", "float": "float",
    "double": "double", "boolean": "boolean", "bool": "boolean", "anyType": "anyType", "vmodl.DateTime": "dateTime",
    "vmodl.Binary": "base64Binary", "vmodl.URI": "anyURI", "vmodl.TypeName": "string", "vmodl.MethodName": "string",
    "vmodl.PropertyPath": "string",
}


@dataclass
class Field:
    name: str
    type: str  # "xsd:string", a data type, an enum, or "mo:" and a managed type
    array: bool
    optional: bool
    secret: bool
    since: str


@dataclass
class DataType:
    base: str | None
    since: str
    fields: list[Field]


@dataclass
class Managed:
    base: str | None
    since: str
    fields: list[Field]


@dataclass
class Method:
    on: str
    params: list[Field]
    result: Field | None
    task: Field | None  # type of Task.info.result
    since: str
    privilege: str | None
    faults: list[str]


@dataclass
class Api:
    types: dict[str, DataType] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)
    managed: dict[str, Managed] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)


def in_vim25(version: str) -> bool:
    """vSAN types live in the same vim.* packages, under versions of another namespace."""
    return V.nsMap.get(version) in ("vim25", "vim2", "")


def release(version: str) -> str:
    """'vim.version.version8' -> '5.1'; '' for what every server knows. Only dotted numbers, so that two compare."""
    number = V.versionIdMap.get(version, "")
    if not re.match(r"^\d", number):  # an unreleased version carries a hash: its name has the number
        number = ".".join(re.findall(r"\d+", version.rsplit(".", 1)[-1])) if number else ""
    match = re.match(r"[\d.]+", number)
    return match.group(0) if match else ""


def newest() -> str:
    """The newest release of the API that the metadata describes."""
    releases = {release(version) for version in V.versionIdMap if version.startswith("vim.version.")} - {""}
    return max(releases, key=lambda number: [int(part) for part in number.split(".")])


def _ours(table: dict, version_at: int) -> dict:
    return {k: v for k, v in table.items() if k.split(".")[0] in ("vim", "vmodl") and in_vim25(v[version_at])}


DATA = _ours(V._dataDefMap, 3)
MANAGED = _ours(V._managedDefMap, 3)
ENUMS = _ours(V._enumDefMap, 2)


def _find(table: dict, name: str | None):
    """pyVmomi keys its tables by names with small first letters, but refers to them as they are written."""
    if name is None:
        return None
    return table.get(name) or table.get(".".join(part[0].lower() + part[1:] for part in name.split(".")))


def _is_fault(name: str | None) -> bool:
    entry = _find(DATA, name)
    return bool(entry) and (entry[1] == "MethodFault" or _is_fault(entry[2]))


def _wire(name: str) -> str:
    if name in PRIMITIVES:
        return "xsd:" + PRIMITIVES[name]
    if name in ("vmodl.ManagedObject", "ManagedObject"):
        return "mo:ManagedObject"
    if entry := _find(MANAGED, name):
        return "mo:" + entry[1]
    if entry := _find(ENUMS, name):
        return entry[1]
    if _is_fault(name):  # a fault in a field travels with its localized message
        return "LocalizedMethodFault"
    if entry := _find(DATA, name):
        return entry[1]
    if name in ("vmodl.DataObject", "DataObject"):
        return "DynamicData"
    raise KeyError(name)


def _field(name: str, type_name: str, version: str, flags: int) -> Field | None:
    """None where the field belongs to another namespace or names a type that does."""
    if not in_vim25(version):
        return None
    array = type_name.endswith("[]")
    try:
        wire = "xsd:string" if flags & LINK else _wire(type_name.removesuffix("[]"))  # a link is the key of its target
    except KeyError:
        return None
    return Field(name, wire, array, bool(flags & OPTIONAL), bool(flags & SECRET), release(version))


def _fields(entries) -> list[Field]:
    return [f for f in (_field(*entry[:4]) for entry in entries or []) if f]


def _method(on: str, entry) -> Method | None:
    _, _, version, params, (result_flags, result, task), privilege, faults = entry
    fields = _fields(params)
    returned = None if result == "void" else _field("returnval", result, version, result_flags)
    if not in_vim25(version) or len(fields) != len(params or []) or (result != "void" and returned is None):
        return None
    return Method(
        on=on,
        params=fields,
        result=returned,
        task=None if task == "void" else _field("result", task, version, OPTIONAL),
        since=release(version),
        privilege=privilege,
        faults=[entry[1] for entry in (_find(DATA, fault) for fault in faults or []) if entry],
    )


def load() -> Api:
    api = Api(enums={entry[1]: list(entry[3]) for entry in ENUMS.values()})
    for _, wire, parent, version, props in DATA.values():
        base = _find(DATA, parent)
        own = [] if wire == "DynamicData" else [f for f in _fields(props) if (wire, f.name) != ("MethodFault", "msg")]
        api.types[wire] = DataType(base[1] if base and wire != "MethodFault" else None, release(version), own)
    api.types["LocalizedMethodFault"] = DataType(
        "DynamicData",
        "",
        [
            Field("fault", "MethodFault", False, False, False, ""),
            Field("localizedMessage", "xsd:string", False, True, False, ""),
        ],
    )
    for _, wire, parent, version, props, methods in MANAGED.values():
        base = _find(MANAGED, parent)
        api.managed[wire] = Managed(base[1] if base else None, release(version), _fields(props))
        for entry in methods or []:
            if method := _method(wire, entry):
                api.methods.setdefault(entry[1], method)
    return api
