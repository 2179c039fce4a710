"""vim25.json: the table that steers encoding and decoding. One entry a line, so that a new release reads well in a diff."""

import json

from vmodl import Api, Field, newest

ARRAY, OPTIONAL, SECRET = 1, 2, 4


def _field(f: Field, since: str) -> list:
    """[name, type, flags] and the release it came with where its owner is older."""
    flags = ARRAY * f.array | OPTIONAL * f.optional | SECRET * f.secret
    return [f.name, f.type, flags] + ([f.since] if f.since not in ("", since) else [])


def _compact(entry: dict) -> dict:
    return {key: value for key, value in entry.items() if value}


def _structure(entry) -> dict:
    fields = [_field(f, entry.since) for f in entry.fields]
    return _compact({"base": entry.base, "since": entry.since, "fields": fields})


def _method(name: str, method) -> dict:
    return _compact(
        {
            "on": method.on,
            "params": [_field(p, method.since) for p in method.params],
            "result": method.result and _field(method.result, method.since)[1:],
            "task": name.endswith("_Task") and method.task and [method.task.type, ARRAY * method.task.array],
            "since": method.since,
            "privilege": method.privilege,
            "faults": method.faults,
        }
    )


def render(api: Api, source: str) -> str:
    sections = {
        "types": {name: _structure(entry) for name, entry in sorted(api.types.items())},
        "enums": dict(sorted(api.enums.items())),
        "managed": {name: _structure(entry) for name, entry in sorted(api.managed.items())},
        "methods": {name: _method(name, entry) for name, entry in sorted(api.methods.items())},
    }
    out = [f'{{"source":{json.dumps(source)},"release":{json.dumps(newest())}']
    for section, entries in sections.items():
        lines = [f"{json.dumps(name)}:{json.dumps(entry, separators=(',', ':'))}" for name, entry in entries.items()]
        out.append(f"{json.dumps(section)}:{{\n" + ",\n".join(lines) + "\n}")
    return ",\n".join(out) + "}\n"
