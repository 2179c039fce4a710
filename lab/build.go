package main

import (
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// The newest ESXi version that the simulator can parse is 8.0.2; a vCenter may be newer than its hosts.
const (
	vcenterVersion, vcenterAPIVersion = "8.0.3", "8.0.3.0"
	esxVersion, esxAPIVersion         = "8.0.2", "8.0.2.0"
)

// priorAPIVersions are all that a server may list below its own.
var priorAPIVersions = []string{"8.0.2.0", "8.0.1.0", "8.0.0.1", "7.0.3.2", "7.0", "6.7", "6.5", "6.0"}

// newLab builds the inventory. It is done object after object, so that the same options always give the same ids and
// a lab that is started again is the same vCenter.
func newLab(o options) (*lab, error) {
	model := simulator.VPX()
	if o.esx {
		model = simulator.ESX()
	}
	model.Datacenter, model.Host, model.Cluster, model.Datastore, model.Machine = 0, 0, 0, 0, 0
	about := &model.ServiceContent.About
	about.Version, about.ApiVersion, about.Build = vcenterVersion, vcenterAPIVersion, "24322831"
	if o.esx {
		about.Version, about.ApiVersion, about.Build = esxVersion, esxAPIVersion, "23305546"
	}
	about.FullName = fmt.Sprintf("%s %s build-%s", about.Name, about.Version, about.Build)
	about.LicenseProductVersion = "8.0"
	about.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceURL, []byte("vsphere-lab://"+o.listen)).String()
	offerDiskCounters()
	if err := model.Create(); err != nil {
		return nil, err
	}

	var err error
	l := &lab{
		options: o, model: model, registry: model.Service.Context.Map,
		traffic: newTraffic(o), faults: newFaultRules(), sessions: &sessions{owned: map[string]*simulator.Registry{}},
		originals: map[string]original{},
	}
	if l.sites, err = l.buildSites(); err != nil {
		return nil, err
	}
	if err := l.buildMachines(); err != nil {
		return nil, err
	}
	l.forgetTasks()
	l.useCollector()
	l.override()
	l.watchTasks()
	l.react()
	l.indexCounters()
	if !o.esx {
		l.setMaxQueryMetrics(o.maxQueryMetrics)
	}
	// A running task must not hold the lock of its VM, or every list of VMs waits for it.
	simulator.TaskDelay.MethodDelay = map[string]int{"LockHandoff": 0}
	simulator.TaskDelay.Delay = o.taskDelay
	return l, nil
}

// context is a fresh caller: the simulator's locks belong to a context, so no two goroutines may share one.
func (l *lab) context() *simulator.Context {
	c := *l.model.Service.Context
	return &c
}

// call takes the return value out of the answer of a simulator method.
func call[T any](answer soap.HasFault) (T, error) {
	var none T
	if fault := answer.Fault(); fault != nil {
		return none, soap.WrapSoapFault(fault)
	}
	value, ok := reflect.ValueOf(answer).Elem().FieldByName("Res").Elem().FieldByName("Returnval").Interface().(T)
	if !ok {
		return none, fmt.Errorf("%T does not answer with %T", answer, none)
	}
	return value, nil
}

// await waits for the task that a simulator method answered with, and gives its result.
func (l *lab) await(answer soap.HasFault) (types.AnyType, error) {
	ref, err := call[types.ManagedObjectReference](answer)
	if err != nil {
		return nil, err
	}
	task := l.registry.Get(ref).(*simulator.Task)
	for {
		var info types.TaskInfo
		l.registry.WithLock(&simulator.Context{}, task, func() { info = task.Info })
		switch info.State {
		case types.TaskInfoStateSuccess:
			return info.Result, nil
		case types.TaskInfoStateError:
			return nil, fmt.Errorf("%s: %s", info.DescriptionId, info.Error.LocalizedMessage)
		}
		time.Sleep(50 * time.Microsecond)
	}
}

func (l *lab) awaitRef(answer soap.HasFault) (types.ManagedObjectReference, error) {
	result, err := l.await(answer)
	if err != nil {
		return types.ManagedObjectReference{}, err
	}
	return result.(types.ManagedObjectReference), nil
}

// forgetTasks takes the tasks of the construction off the lists of recent ones; nobody asked for them.
func (l *lab) forgetTasks() {
	manager := l.registry.Get(*l.model.ServiceContent.TaskManager).(*simulator.TaskManager)
	manager.RecentTask = nil
	for _, entity := range l.registry.All("") {
		entity.Entity().RecentTask = nil
	}
}
