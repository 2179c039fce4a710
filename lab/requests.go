package main

import (
	"regexp"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// completeRequest does to a request what vCenter would and the simulator does not: it writes names in their escaped
// form, and gives a disk without a backing a default one (the simulator panics on it).
func completeRequest(method *simulator.Method) {
	switch req := method.Body.(type) {
	case *types.Rename_Task:
		req.NewName = escapeName(req.NewName)
	case *types.ReconfigVM_Task:
		req.Spec.Name = escapeName(req.Spec.Name)
		backDisks(req.Spec.DeviceChange)
	case *types.CreateVM_Task:
		backDisks(req.Config.DeviceChange)
	case *types.CloneVM_Task:
		if req.Spec.Config != nil {
			backDisks(req.Spec.Config.DeviceChange)
		}
	}
}

var percent = regexp.MustCompile(`%([0-9a-fA-F]{2})?`)

// escapeName keeps escape sequences that are there: "50% of a/b%2fc" is "50%25 of a%2fb%2fc".
func escapeName(name string) string {
	name = percent.ReplaceAllStringFunc(name, func(found string) string {
		if found == "%" {
			return "%25"
		}
		return found
	})
	return strings.NewReplacer("/", "%2f", `\`, "%5c").Replace(name)
}

func backDisks(changes []types.BaseVirtualDeviceConfigSpec) {
	for _, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		disk, is := spec.Device.(*types.VirtualDisk)
		if is && disk.Backing == nil && spec.Operation == types.VirtualDeviceConfigSpecOperationAdd {
			disk.Backing = &types.VirtualDiskFlatVer2BackingInfo{
				DiskMode: string(types.VirtualDiskModePersistent), ThinProvisioned: types.NewBool(true),
			}
		}
	}
}
