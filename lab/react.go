package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// reactions does what follows from a change in a real vCenter and not in the simulator: a guest boots and gets its
// address, a new name is copied to where it is repeated.
type reactions struct {
	self types.ManagedObjectReference
	lab  *lab
}

func (l *lab) react() {
	l.registry.AddHandler(&reactions{self: types.ManagedObjectReference{Type: "LabReactions", Value: "reactions"}, lab: l})
}

func (r *reactions) Reference() types.ManagedObjectReference                       { return r.self }
func (r *reactions) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// PutObject fills in two enums of a new VM that the simulator leaves empty; pyVmomi refuses to decode that.
func (r *reactions) PutObject(_ *simulator.Context, object mo.Reference) {
	if vm, is := object.(*simulator.VirtualMachine); is {
		fillEnums(vm)
	}
}

func fillEnums(vm *simulator.VirtualMachine) {
	for _, runtime := range []*types.VirtualMachineRuntimeInfo{&vm.Runtime, &vm.Summary.Runtime} {
		runtime.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
		runtime.RecordReplayState = types.VirtualMachineRecordReplayStateInactive
	}
}

// UpdateObject runs under the lock of the object, within the call that changes it.
func (r *reactions) UpdateObject(ctx *simulator.Context, object mo.Reference, set []types.PropertyChange) {
	if object.Reference().Type != "VirtualMachine" {
		return
	}
	vm, is := r.lab.registry.Get(object.Reference()).(*simulator.VirtualMachine)
	if !is {
		return
	}
	for _, property := range set {
		switch property.Name {
		case "name":
			ctx.Update(vm, []types.PropertyChange{
				{Name: "config.name", Val: vm.Name}, {Name: "summary.config.name", Val: vm.Name},
			})
		case "runtime.powerState":
			if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				r.lab.boot(ctx, vm)
			} else {
				r.lab.guestDown(ctx, vm)
				ctx.Update(vm, []types.PropertyChange{{Name: "runtime.bootTime"}, {Name: "summary.runtime.bootTime"}})
				vm.Summary.QuickStats = quickStats(vm, 0)
			}
		}
	}
}

// boot sets the boot time now and lets the guest report itself a moment later. The caller holds the lock of the VM.
func (l *lab) boot(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	now := time.Now().UTC()
	ctx.Update(vm, []types.PropertyChange{
		{Name: "runtime.bootTime", Val: now}, {Name: "summary.runtime.bootTime", Val: now},
		{Name: "guest.guestState", Val: string(types.VirtualMachineGuestStateRunning)},
	})
	vm.Summary.QuickStats = quickStats(vm, 0)
	if vm.Guest.ToolsVersionStatus2 == string(types.VirtualMachineToolsVersionStatusGuestToolsNotInstalled) {
		return
	}
	ref := vm.Self
	time.AfterFunc(guestTime, func() {
		vm, is := l.registry.Get(ref).(*simulator.VirtualMachine)
		if !is {
			return
		}
		ctx := l.context()
		ctx.WithLock(vm, func() {
			if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn && vm.Runtime.BootTime != nil && vm.Runtime.BootTime.Equal(now) {
				l.guestUp(ctx, vm)
			}
		})
	})
}

func (l *lab) guestUp(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	who := l.identity(vm, machine{index: seedOf(vm.Self) & 0xffff, displayName: vm.Name, role: role{network: "VM Network"}})
	guest := *vm.Guest
	guest.ToolsVersion, guest.ToolsVersionStatus2 = "12421", string(types.VirtualMachineToolsVersionStatusGuestToolsCurrent)
	guest.ToolsVersionStatus = guest.ToolsVersionStatus2
	toolsRunning(&guest)
	guest.HostName, guest.IpAddress, guest.Net = who.hostName, who.ipv4, guestNics(vm, who)
	if guest.GuestFamily == "" {
		guest.GuestFamily = linux
	}
	l.setGuest(ctx, vm, guest)
	vm.GuestHeartbeatStatus = types.ManagedEntityStatusGreen
}

func (l *lab) guestDown(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	guest := *vm.Guest
	guest.GuestState = string(types.VirtualMachineGuestStateNotRunning)
	guest.ToolsRunningStatus = string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)
	if guest.ToolsVersionStatus2 != string(types.VirtualMachineToolsVersionStatusGuestToolsNotInstalled) {
		guest.ToolsStatus = types.VirtualMachineToolsStatusToolsNotRunning
	}
	guest.HostName, guest.IpAddress, guest.Net = "", "", nil
	guest.GuestOperationsReady, guest.InteractiveGuestOperationsReady = types.NewBool(false), types.NewBool(false)
	l.setGuest(ctx, vm, guest)
	vm.GuestHeartbeatStatus = types.ManagedEntityStatusGray
}

func (l *lab) setGuest(ctx *simulator.Context, vm *simulator.VirtualMachine, guest types.GuestInfo) {
	ctx.Update(vm, []types.PropertyChange{
		{Name: "guest", Val: guest},
		{Name: "summary.guest.hostName", Val: guest.HostName},
		{Name: "summary.guest.ipAddress", Val: guest.IpAddress},
		{Name: "summary.guest.toolsStatus", Val: guest.ToolsStatus},
		{Name: "summary.guest.toolsRunningStatus", Val: guest.ToolsRunningStatus},
		{Name: "summary.guest.toolsVersionStatus2", Val: guest.ToolsVersionStatus2},
	})
}
