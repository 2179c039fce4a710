package main

import (
	"fmt"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// role is a kind of VM; the inventory goes through the list again and again.
type role struct {
	folder, name, env  string
	guestID, guestName string
	family             string
	cpus               int32
	memoryMB           int64
	diskGB             []int64
	network            string // port group
	owner, costCenter  string
}

const (
	linux   = string(types.VirtualMachineGuestOsFamilyLinuxGuest)
	windows = string(types.VirtualMachineGuestOsFamilyWindowsGuest)
)

var roles = []role{
	{"Prod/Web", "web", "production", "ubuntu64Guest", "Ubuntu Linux (64-bit)", linux, 2, 4096, []int64{40}, "pg-web", "web-team", "CC-1010"},
	{"Prod/App", "app", "production", "rhel9_64Guest", "Red Hat Enterprise Linux 9 (64-bit)", linux, 4, 16384, []int64{60, 100}, "pg-app", "platform", "CC-1020"},
	{"Prod/DB", "db", "production", "rhel9_64Guest", "Red Hat Enterprise Linux 9 (64-bit)", linux, 8, 65536, []int64{60, 500, 500}, "pg-db", "dba", "CC-1030"},
	{"Dev", "dev", "development", "debian12_64Guest", "Debian GNU/Linux 12 (64-bit)", linux, 2, 8192, []int64{50}, "pg-dev", "platform", "CC-2010"},
	{"Prod/Web", "cache", "production", "vmwarePhoton64Guest", "VMware Photon OS (64-bit)", linux, 2, 32768, []int64{20}, "pg-web", "web-team", "CC-1010"},
	{"Infra", "ad", "production", "windows2019srvNext_64Guest", "Microsoft Windows Server 2022 (64-bit)", windows, 4, 8192, []int64{90}, "pg-mgmt", "infra", "CC-3010"},
	{"Dev/CI", "ci", "test", "ubuntu64Guest", "Ubuntu Linux (64-bit)", linux, 8, 16384, []int64{120}, "pg-dev", "build", "CC-2020"},
	{"Prod/App", "mq", "production", "rockylinux_64Guest", "Rocky Linux (64-bit)", linux, 4, 8192, []int64{40, 80}, "pg-app", "platform", "CC-1020"},
	{"Infra", "mon", "production", "freebsd14_64Guest", "FreeBSD 14 (64-bit)", string(types.VirtualMachineGuestOsFamilyOtherGuestFamily), 2, 4096, []int64{80}, "pg-mgmt", "infra", "CC-3010"},
	{"Dev", "desk", "development", "windows11_64Guest", "Microsoft Windows 11 (64-bit)", windows, 4, 16384, []int64{128}, "pg-dev", "sales", "CC-4010"},
}

// machine is the plan of one VM.
type machine struct {
	role
	index       int
	name        string // of its files
	displayName string
	template    bool
	state       types.VirtualMachinePowerState
	tools       bool
}

// oddNames are names that have broken clients: a slash (which vSphere escapes), letters outside ASCII, two of the same.
var oddNames = map[int]string{10: "Budget 2026%2fQ3 (draft)", 11: "büro-drucker-01", 22: "scratch", 23: "scratch"}

// plan decides what the VM with this number is, from nothing but the numbers.
func plan(index, total int) machine {
	m := machine{role: roles[index%len(roles)], index: index, state: types.VirtualMachinePowerStatePoweredOn, tools: true}
	m.name = fmt.Sprintf("%s-%s-%03d", m.env[:min(4, len(m.env))], m.role.name, index/len(roles)+1)
	if m.env == "development" {
		m.name = fmt.Sprintf("%s-%03d", m.role.name, index/len(roles)+1)
	}
	switch {
	case index%8 == 5:
		m.state, m.tools = types.VirtualMachinePowerStatePoweredOff, false
	case index%31 == 17:
		m.state, m.tools = types.VirtualMachinePowerStateSuspended, false
	case index%16 == 9:
		m.tools = false // running, but without VMware Tools
	}
	m.displayName = m.name
	if odd, is := oddNames[index]; is && total > 30 {
		m.displayName = odd
	}
	if total >= 10 && index >= total-2 {
		m.template, m.state, m.tools = true, types.VirtualMachinePowerStatePoweredOff, false
		m.folder, m.name = "Templates", fmt.Sprintf("template-%s-%d", []string{"linux", "windows"}[index%2], total-index)
		m.displayName = m.name
	}
	return m
}

func (l *lab) buildMachines() error {
	fields, err := l.addCustomFields()
	if err != nil {
		return err
	}
	for i := range l.options.machines {
		s := l.sites[i%len(l.sites)]
		m := plan(i, l.options.machines)
		at := s.place(m, i/len(l.sites))
		key := originalKey(s, m, at.datastore)
		from, known := l.originals[key]
		var vm *simulator.VirtualMachine
		if known && i >= createdMachines {
			vm = l.copyMachine(from, m, at)
		} else {
			if vm, err = l.createMachine(s, m, at); err != nil {
				return fmt.Errorf("VM %s: %w", m.name, err)
			}
			l.keepOriginal(key, vm, m.name)
		}
		l.dress(vm, m, fields)
		if m.index%25 == 3 && i < createdMachines && !m.template {
			if err := l.takeSnapshots(vm); err != nil {
				return fmt.Errorf("snapshots of %s: %w", m.name, err)
			}
		}
	}
	l.dressDatastores()
	return nil
}

// placement is where a VM goes.
type placement struct {
	host, pool types.ManagedObjectReference
	folder     *simulator.Folder
	datastore  string
}

// place spreads the VMs of a site over its clusters, hosts and pools.
func (s *site) place(m machine, turn int) placement {
	p := s.places[turn%len(s.places)]
	turn /= len(s.places)
	at := placement{host: p.hosts[turn%len(p.hosts)], pool: p.pools[0], folder: s.vmFolder}
	if len(p.pools) > 1 && turn%5 != 0 { // most, not all, in a child pool
		at.pool = p.pools[1+turn%(len(p.pools)-1)]
	}
	if in := s.folders[m.folder]; in != nil {
		at.folder = in
	}
	at.datastore = s.datastores[m.index%len(s.datastores)]
	return at
}

// createMachine runs CreateVM_Task in process.
func (l *lab) createMachine(s *site, m machine, at placement) (*simulator.VirtualMachine, error) {
	spec := types.VirtualMachineConfigSpec{
		Name:              m.name,
		GuestId:           m.guestID,
		Version:           "vmx-20",
		Firmware:          string(types.GuestOsDescriptorFirmwareTypeEfi),
		NumCPUs:           m.cpus << (m.index / len(roles) % 2),
		NumCoresPerSocket: types.NewInt32(max(1, m.cpus/2)),
		MemoryMB:          m.memoryMB,
		Files:             &types.VirtualMachineFileInfo{VmPathName: "[" + at.datastore + "]"},
	}
	devices, err := l.devices(s, m, at.datastore)
	if err != nil {
		return nil, err
	}
	if spec.DeviceChange, err = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd); err != nil {
		return nil, err
	}
	ref, err := l.awaitRef(at.folder.CreateVMTask(l.context(), &types.CreateVM_Task{
		This: at.folder.Self, Config: spec, Pool: at.pool, Host: &at.host,
	}))
	if err != nil {
		return nil, err
	}
	return l.registry.Get(ref).(*simulator.VirtualMachine), nil
}

func (l *lab) devices(s *site, m machine, datastore string) (object.VirtualDeviceList, error) {
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, err
	}
	devices = append(devices, scsi)
	for i, gb := range m.diskGB {
		// The directory is the one that the simulator makes from the name of the VM.
		path := fmt.Sprintf("[%s] %s/disk-%d.vmdk", datastore, m.name, i)
		disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, path)
		disk.CapacityInKB = gb << 20
		disk.CapacityInBytes = gb << 30
		disk.StorageIOAllocation = &types.StorageIOAllocationInfo{Limit: types.NewInt64(-1)}
		devices = append(devices, disk)
	}
	var backing types.BaseVirtualDeviceBackingInfo = &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "VM Network"},
	}
	if key := s.portGroups[m.network]; key != "" && m.index%9 != 7 { // some stay on the standard port group
		backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{SwitchUuid: s.switchUUID, PortgroupKey: key},
		}
	}
	nic, err := devices.CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		return nil, err
	}
	return append(devices, nic), nil
}

func annotation(m machine) string {
	switch m.index % 7 {
	case 0:
		return fmt.Sprintf("Owned by %s.\nPatch window: Sunday 02:00–04:00 UTC.", m.owner)
	case 3:
		return "Backed up nightly. Do not resize without asking " + m.owner + "."
	}
	return ""
}

// takeSnapshots leaves a small tree: base → updated, and on every second VM a branch beside it.
func (l *lab) takeSnapshots(vm *simulator.VirtualMachine) error {
	take := func(name, description string) (types.ManagedObjectReference, error) {
		return l.awaitRef(vm.CreateSnapshotTask(l.context(), &types.CreateSnapshot_Task{This: vm.Self, Name: name, Description: description}))
	}
	base, err := take("base", "freshly installed")
	if err != nil {
		return err
	}
	if _, err := take("before-upgrade", "taken by the change calendar"); err != nil {
		return err
	}
	if vm.Self.Value[len(vm.Self.Value)-1]%2 == 0 {
		snapshot := l.registry.Get(base).(*simulator.VirtualMachineSnapshot)
		if _, err := l.await(snapshot.RevertToSnapshotTask(l.context(), &types.RevertToSnapshot_Task{This: base})); err != nil {
			return err
		}
		if _, err := take("experiment", ""); err != nil {
			return err
		}
	}
	return nil
}
