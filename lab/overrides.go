package main

import (
	"crypto/rand"
	"reflect"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// overrides answers the calls in whose place the simulator does too little. A call is sent here by its name, see
// intercept; the request still names the object that the client meant.
type overrides struct {
	// The simulator looks at the managed type of every object of the registry, e.g. to find a VM by its path.
	mo.ExtensibleManagedObject
	lab *lab
}

func (o *overrides) Reference() types.ManagedObjectReference { return o.Self }

// Lock and Unlock switch the simulator's lock off: a slow call must not stop the calls for other objects.
func (o *overrides) Lock()   {}
func (o *overrides) Unlock() {}

var overridden = map[string]bool{
	"AcquireTicket": true, "CancelTask": true, "Logout": true, "MoveIntoFolder_Task": true, "QueryPerf": true, "RebootGuest": true,
	"ShutdownGuest": true, "StandbyGuest": true, "TerminateSession": true,
}

func (l *lab) override() {
	o := &overrides{lab: l}
	o.Self = types.ManagedObjectReference{Type: "LabOverrides", Value: "overrides"}
	l.registry.Put(o)
	l.overrides = o
	l.registry.Handler = func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if ctx.Session == nil && readsWithoutSession(method) {
			return nil, &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"}}
		}
		if ctx.Session != nil {
			l.sessions.remember(ctx.Session)
			completeRequest(method)
			if overridden[method.Name] {
				if l.registry.Get(method.This) == nil {
					return nil, &types.ManagedObjectNotFound{Obj: method.This}
				}
				method.This = o.Self
			}
		}
		return nil, nil
	}
}

// readsWithoutSession is a read of anything but the two objects that are open before a login. The simulator answers those
// with empty objects.
func readsWithoutSession(method *simulator.Method) bool {
	open := func(ref types.ManagedObjectReference) bool {
		return ref.Type == "ServiceInstance" || ref.Type == "SessionManager"
	}
	var specs []types.PropertyFilterSpec
	switch body := method.Body.(type) {
	case *types.RetrieveProperties:
		specs = body.SpecSet
	case *types.RetrievePropertiesEx:
		specs = body.SpecSet
	default:
		this := reflect.ValueOf(method.Body).Elem().FieldByName("This")
		return method.Name == "Fetch" && !open(this.Interface().(types.ManagedObjectReference))
	}
	for _, spec := range specs {
		for _, set := range spec.ObjectSet {
			if !open(set.Obj) {
				return true
			}
		}
	}
	return false
}

// machine is the VM that a request is about, or the fault for it.
func (o *overrides) machine(ref types.ManagedObjectReference) (*simulator.VirtualMachine, *soap.Fault) {
	vm, is := o.lab.registry.Get(ref).(*simulator.VirtualMachine)
	if !is {
		return nil, simulator.Fault("", &types.ManagedObjectNotFound{Obj: ref})
	}
	return vm, nil
}

// toolsFault is why the guest cannot be asked for anything, or nil.
func toolsFault(vm *simulator.VirtualMachine) *soap.Fault {
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return simulator.Fault("The attempted operation cannot be performed in the current state.", &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: vm.Runtime.PowerState,
		})
	}
	if vm.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning) {
		return simulator.Fault("VMware Tools is not running in this virtual machine.", &types.ToolsUnavailable{})
	}
	return nil
}

// guestTime is how long a guest takes to shut down or to boot.
const guestTime = 300 * time.Millisecond

// later does something with a VM after the guest had its time, unless the VM is gone by then.
func (o *overrides) later(wait time.Duration, ref types.ManagedObjectReference, f func(*simulator.Context, *simulator.VirtualMachine)) {
	time.AfterFunc(wait, func() {
		vm, is := o.lab.registry.Get(ref).(*simulator.VirtualMachine)
		if !is {
			return
		}
		ctx := o.lab.context()
		ctx.WithLock(vm, func() { f(ctx, vm) })
	})
}

func (o *overrides) ShutdownGuest(ctx *simulator.Context, req *types.ShutdownGuest) soap.HasFault {
	body := &methods.ShutdownGuestBody{}
	vm, fault := o.machine(req.This)
	if fault == nil {
		ctx.WithLock(vm, func() { fault = toolsFault(vm) })
	}
	if body.Fault_ = fault; fault != nil {
		return body
	}
	o.later(guestTime, vm.Self, func(ctx *simulator.Context, vm *simulator.VirtualMachine) {
		vm.ShutdownGuest(ctx, req)
	})
	body.Res = &types.ShutdownGuestResponse{}
	return body
}

func (o *overrides) StandbyGuest(ctx *simulator.Context, req *types.StandbyGuest) soap.HasFault {
	body := &methods.StandbyGuestBody{}
	vm, fault := o.machine(req.This)
	if fault == nil {
		ctx.WithLock(vm, func() { fault = toolsFault(vm) })
	}
	if body.Fault_ = fault; fault != nil {
		return body
	}
	o.later(guestTime, vm.Self, func(ctx *simulator.Context, vm *simulator.VirtualMachine) {
		vm.StandbyGuest(ctx, req)
	})
	body.Res = &types.StandbyGuestResponse{}
	return body
}

func (o *overrides) RebootGuest(ctx *simulator.Context, req *types.RebootGuest) soap.HasFault {
	body := &methods.RebootGuestBody{}
	vm, fault := o.machine(req.This)
	if fault == nil {
		ctx.WithLock(vm, func() { fault = toolsFault(vm) })
	}
	if body.Fault_ = fault; fault != nil {
		return body
	}
	o.later(guestTime, vm.Self, func(ctx *simulator.Context, vm *simulator.VirtualMachine) {
		if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
			o.lab.guestDown(ctx, vm)
			o.lab.boot(ctx, vm)
		}
	})
	body.Res = &types.RebootGuestResponse{}
	return body
}

// AcquireTicket gives a console ticket of the right shape; nothing listens at its address.
func (o *overrides) AcquireTicket(ctx *simulator.Context, req *types.AcquireTicket) soap.HasFault {
	body := &methods.AcquireTicketBody{}
	vm, fault := o.machine(req.This)
	if body.Fault_ = fault; fault != nil {
		return body
	}
	host, _ := o.lab.registry.Get(*vm.Runtime.Host).(*simulator.HostSystem)
	ticket := types.VirtualMachineTicket{
		Ticket: rand.Text(), CfgFile: vm.Config.Files.VmPathName, Host: host.Name, Port: 443, SslThumbprint: host.Summary.Config.SslThumbprint,
	}
	if req.TicketType == string(types.VirtualMachineTicketTypeWebmks) {
		ticket.Url = "wss://" + host.Name + "/ticket/" + ticket.Ticket
	}
	body.Res = &types.AcquireTicketResponse{Returnval: ticket}
	return body
}

// Logout also ends the waits of the session, which the simulator leaves running.
func (o *overrides) Logout(ctx *simulator.Context, req *types.Logout) soap.HasFault {
	answer := o.lab.registry.SessionManager().Logout(ctx, req)
	o.lab.sessions.forget(o.lab, ctx.Session.Key)
	return answer
}

// TerminateSession also ends what lives in the session: collectors, filters, views.
func (o *overrides) TerminateSession(ctx *simulator.Context, req *types.TerminateSession) soap.HasFault {
	answer := o.lab.registry.SessionManager().TerminateSession(ctx, req)
	if answer.Fault() == nil {
		for _, key := range req.SessionId {
			o.lab.sessions.forget(o.lab, key)
		}
	}
	return answer
}

// MoveIntoFolderTask is the simulator's, which changes the parent of the objects without telling anybody.
func (o *overrides) MoveIntoFolderTask(ctx *simulator.Context, req *types.MoveIntoFolder_Task) soap.HasFault {
	folder, is := o.lab.registry.Get(req.This).(interface {
		mo.Reference
		MoveIntoFolderTask(*simulator.Context, *types.MoveIntoFolder_Task) soap.HasFault
	})
	if !is {
		return &methods.MoveIntoFolder_TaskBody{
			Fault_: simulator.Fault("", &types.MethodNotFound{Receiver: req.This, Method: "MoveIntoFolder_Task"}),
		}
	}
	var answer soap.HasFault
	ctx.WithLock(folder, func() { answer = folder.MoveIntoFolderTask(ctx, req) })
	go func() {
		if _, err := o.lab.await(answer); err == nil {
			for _, ref := range req.List {
				theChanges.touch(ref)
			}
		}
	}()
	return answer
}
