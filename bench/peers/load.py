"""Reads the properties of an inventory with pyVmomi as its users are advised to: one view, one RetrievePropertiesEx.

Standard input: JSON with url, username, password, ca_file and properties (paths by vSphere type).
Standard output: JSON with the figures that bench/load/measure.mjs prints.
"""

import json
import resource
import ssl
import sys
import time
from urllib.parse import urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import GetWsdlType

Collector = vmodl.query.PropertyCollector


def read_all(content, properties):
    """The properties of every object, by id. The root folder is not in its own view and is named besides."""
    types = {name: GetWsdlType("urn:vim25", name) for name in properties}
    view = content.viewManager.CreateContainerView(content.rootFolder, list(types.values()), True)
    traversal = Collector.TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    spec = Collector.FilterSpec(
        objectSet=[
            Collector.ObjectSpec(obj=content.rootFolder, skip=False),
            Collector.ObjectSpec(obj=view, skip=True, selectSet=[traversal]),
        ],
        propSet=[
            Collector.PropertySpec(type=types[name], pathSet=paths, all=False) for name, paths in properties.items()
        ],
    )
    collector = content.propertyCollector
    records = {}
    page = collector.RetrievePropertiesEx([spec], Collector.RetrieveOptions())
    while page:
        for found in page.objects:
            records[found.obj._moId] = {change.name: change.val for change in found.propSet}
        page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    view.Destroy()
    return records


def main():
    given = json.load(sys.stdin)
    url = urlsplit(given["url"])
    trust = ssl.create_default_context(cafile=given["ca_file"])
    began, cpu_began = time.perf_counter(), time.process_time()
    instance = SmartConnect(
        host=url.hostname, port=url.port, user=given["username"], pwd=given["password"], sslContext=trust
    )
    records = read_all(instance.RetrieveContent(), given["properties"])
    figures = {
        "ms": (time.perf_counter() - began) * 1000,
        "cpu_ms": (time.process_time() - cpu_began) * 1000,
        "rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "objects": len(records),
    }
    Disconnect(instance)
    json.dump(figures, sys.stdout)


main()
