package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func lower(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, " ", "-"))
}

// addCustomFields defines the custom attributes and gives their keys by name; ESXi has none.
func (l *lab) addCustomFields() (map[string]int32, error) {
	keys := map[string]int32{}
	if l.options.esx {
		return keys, nil
	}
	manager := l.registry.CustomFieldsManager()
	for _, name := range []string{"owner", "cost-center", "env"} {
		def, err := call[types.CustomFieldDef](manager.AddCustomFieldDef(l.context(), &types.AddCustomFieldDef{
			This: manager.Self, Name: name, MoType: "VirtualMachine",
		}))
		if err != nil {
			return nil, err
		}
		keys[name] = def.Key
	}
	return keys, nil
}

// dress fills in what the simulator leaves empty. It writes the fields directly: nobody is connected yet.
func (l *lab) dress(vm *simulator.VirtualMachine, m machine, fields map[string]int32) {
	vm.Name, vm.Config.Name, vm.Summary.Config.Name = m.displayName, m.displayName, m.displayName
	vm.Config.GuestFullName, vm.Summary.Config.GuestFullName = m.guestName, m.guestName
	vm.Guest.GuestId, vm.Guest.GuestFullName = m.guestID, m.guestName
	vm.Summary.Guest.GuestId, vm.Summary.Guest.GuestFullName = m.guestID, m.guestName
	vm.Config.CreateDate = types.NewTime(time.Now().Add(-time.Duration(m.index%700+30) * 24 * time.Hour).UTC())

	vm.Runtime.PowerState = m.state
	// Stock vcsim sends these two enums empty, which pyVmomi refuses to decode.
	vm.Runtime.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
	vm.Runtime.RecordReplayState = types.VirtualMachineRecordReplayStateInactive
	vm.Runtime.MaxCpuUsage, vm.Runtime.MaxMemoryUsage = vm.Summary.Config.NumCpu*2000, vm.Summary.Config.MemorySizeMB
	if m.state == types.VirtualMachinePowerStatePoweredOn {
		boot := time.Now().Add(-time.Duration(m.index%50)*24*time.Hour - time.Duration(m.index%1440)*time.Minute).UTC().Truncate(time.Second)
		vm.Runtime.BootTime = &boot
		for _, device := range vm.Config.Hardware.Device {
			if connection := device.GetVirtualDevice().Connectable; connection != nil {
				connection.Connected = connection.StartConnected
			}
		}
	}
	if m.template {
		vm.Config.Template, vm.Summary.Config.Template = true, true
	}
	vm.Summary.Runtime = vm.Runtime
	vm.Config.Annotation = annotation(m)
	vm.Summary.Config.Annotation = vm.Config.Annotation

	l.dressGuest(vm, m)
	l.dressStorage(vm, m)
	vm.Summary.QuickStats = quickStats(vm, 0)
	values := map[string]string{"owner": m.owner, "cost-center": m.costCenter, "env": m.env}
	for _, name := range []string{"owner", "cost-center", "env"} {
		if key, defined := fields[name]; defined {
			value := &types.CustomFieldStringValue{CustomFieldValue: types.CustomFieldValue{Key: key}, Value: values[name]}
			vm.CustomValue, vm.Value = append(vm.CustomValue, value), append(vm.Value, value)
			vm.Summary.CustomValue = append(vm.Summary.CustomValue, value)
		}
	}
}

// dressGuest is what VMware Tools would report; without tools nothing is known, as in life.
func (l *lab) dressGuest(vm *simulator.VirtualMachine, m machine) {
	guest, summary := vm.Guest, vm.Summary.Guest
	guest.GuestFamily = m.family
	guest.GuestState = string(types.VirtualMachineGuestStateNotRunning)
	guest.ToolsStatus = types.VirtualMachineToolsStatusToolsNotRunning
	guest.ToolsVersion, guest.ToolsVersionStatus2 = "12421", string(types.VirtualMachineToolsVersionStatusGuestToolsCurrent)
	if !m.tools && m.state == types.VirtualMachinePowerStatePoweredOn {
		guest.ToolsStatus, guest.ToolsVersion = types.VirtualMachineToolsStatusToolsNotInstalled, "0"
		guest.ToolsVersionStatus2 = string(types.VirtualMachineToolsVersionStatusGuestToolsNotInstalled)
		guest.GuestState = string(types.VirtualMachineGuestStateRunning)
	}
	vm.GuestHeartbeatStatus = types.ManagedEntityStatusGray
	l.identity(vm, m)
	if m.tools {
		who := l.identity(vm, m)
		guest.HostName, guest.IpAddress, guest.Net = who.hostName, who.ipv4, guestNics(vm, who)
		guest.Disk = []types.GuestDiskInfo{{DiskPath: map[string]string{windows: `C:\`}[m.family], Capacity: m.diskGB[0] << 30, FreeSpace: m.diskGB[0] << 30 / 100 * int64(20+m.index%60)}}
		if guest.Disk[0].DiskPath == "" {
			guest.Disk[0].DiskPath = "/"
		}
		toolsRunning(guest)
		vm.GuestHeartbeatStatus = types.ManagedEntityStatusGreen
	}
	guest.ToolsVersionStatus = guest.ToolsVersionStatus2
	summary.HostName, summary.IpAddress = guest.HostName, guest.IpAddress
	summary.ToolsStatus, summary.ToolsRunningStatus = guest.ToolsStatus, guest.ToolsRunningStatus
	summary.ToolsVersionStatus, summary.ToolsVersionStatus2 = guest.ToolsVersionStatus, guest.ToolsVersionStatus2
}

func toolsRunning(guest *types.GuestInfo) {
	guest.GuestState = string(types.VirtualMachineGuestStateRunning)
	guest.ToolsStatus = types.VirtualMachineToolsStatusToolsOk
	guest.ToolsRunningStatus = string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
	guest.GuestOperationsReady, guest.InteractiveGuestOperationsReady = types.NewBool(true), types.NewBool(true)
	guest.GuestStateChangeSupported = types.NewBool(true)
}

func hostNameOf(m machine) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return -1
	}, lower(m.displayName))
	return name + ".lab.test"
}

// guestIdentity is what a guest reports whenever it runs.
type guestIdentity struct {
	hostName, ipv4, ipv6, linkLocal, network string
}

// identity gives a VM the identity that it keeps over reboots.
func (l *lab) identity(vm *simulator.VirtualMachine, m machine) guestIdentity {
	n := m.index + 10
	made := guestIdentity{
		hostName:  hostNameOf(m),
		ipv4:      fmt.Sprintf("10.%d.%d.%d", 20+n>>16&255, n>>8&255, n&255),
		ipv6:      fmt.Sprintf("2001:db8:20::%x", n),
		linkLocal: fmt.Sprintf("fe80::250:56ff:fe00:%x", n&0xffff),
		network:   m.network,
	}
	known, _ := l.identities.LoadOrStore(vm.Self, made)
	return known.(guestIdentity)
}

func guestNics(vm *simulator.VirtualMachine, who guestIdentity) []types.GuestNicInfo {
	var nics []types.GuestNicInfo
	for _, device := range vm.Config.Hardware.Device {
		card, is := device.(types.BaseVirtualEthernetCard)
		if !is {
			continue
		}
		network := "VM Network"
		if _, distributed := device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo); distributed {
			network = who.network
		}
		address := func(ip string, prefix int32) types.NetIpConfigInfoIpAddress {
			return types.NetIpConfigInfoIpAddress{IpAddress: ip, PrefixLength: prefix, State: "preferred"}
		}
		nics = append(nics, types.GuestNicInfo{
			Network: network, MacAddress: card.GetVirtualEthernetCard().MacAddress, Connected: true,
			DeviceConfigId: device.GetVirtualDevice().Key,
			IpAddress:      []string{who.ipv4, who.ipv6, who.linkLocal},
			IpConfig: &types.NetIpConfigInfo{IpAddress: []types.NetIpConfigInfoIpAddress{
				address(who.ipv4, 24), address(who.ipv6, 64), address(who.linkLocal, 64),
			}},
		})
	}
	return nics
}

func (l *lab) dressStorage(vm *simulator.VirtualMachine, m machine) {
	var provisioned int64
	for _, gb := range m.diskGB {
		provisioned += gb << 30
	}
	committed := provisioned / 100 * int64(25+m.index*13%60)
	vm.Summary.Storage = &types.VirtualMachineStorageSummary{
		Committed: committed, Uncommitted: provisioned - committed, Unshared: committed, Timestamp: time.Now().UTC(),
	}
	if len(vm.Storage.PerDatastoreUsage) > 0 {
		usage := &vm.Storage.PerDatastoreUsage[0]
		usage.Committed, usage.Uncommitted, usage.Unshared = committed, provisioned-committed, committed
	}
}

// dressDatastores gives every datastore a capacity that fits what is on it: between half and four fifths used.
func (l *lab) dressDatastores() {
	const tib = int64(1) << 40
	for _, entity := range l.registry.All("Datastore") {
		datastore := entity.(*simulator.Datastore)
		var committed, uncommitted int64
		for _, ref := range datastore.Vm {
			storage := l.registry.Get(ref).(*simulator.VirtualMachine).Summary.Storage
			committed, uncommitted = committed+storage.Committed, uncommitted+storage.Uncommitted
		}
		share := int64(50 + seedOf(datastore.Self)%30)
		capacity := (committed/share*100/tib + 1) * tib
		datastore.Summary.Capacity, datastore.Summary.Uncommitted = capacity, uncommitted
		datastore.Summary.FreeSpace = capacity - committed
		info := datastore.Info.GetDatastoreInfo()
		info.FreeSpace, info.Timestamp = datastore.Summary.FreeSpace, types.NewTime(time.Now().UTC())
	}
}
