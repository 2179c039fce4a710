package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// createdMachines is how many VMs are made by CreateVM_Task, with files on disk. The rest are copies of them: a large
// inventory would otherwise spend its time creating files that nobody reads.
const createdMachines = 300

// original is a VM as CreateVM_Task left it, to be copied.
type original struct {
	vm    *simulator.VirtualMachine
	state mo.VirtualMachine
	name  string
}

// originalKey names what a copy must have in common with its original.
func originalKey(s *site, m machine, datastore string) string {
	return fmt.Sprint(s.name, m.role.name, datastore, m.index/len(roles)%2, m.index%9 == 7)
}

// keepOriginal remembers a VM before it is dressed.
func (l *lab) keepOriginal(key string, vm *simulator.VirtualMachine, name string) {
	if l.originals[key].vm == nil {
		l.originals[key] = original{vm, *clone(&vm.VirtualMachine, nil), name}
	}
}

// copyMachine puts a copy of an original into the registry, with its own name, ids, addresses and place.
func (l *lab) copyMachine(from original, m machine, at placement) *simulator.VirtualMachine {
	vm := *from.vm // with the simulator's private fields
	vm.VirtualMachine = *clone(&from.state, func(text string) string { return strings.ReplaceAll(text, from.name, m.name) })
	vm.Self = types.ManagedObjectReference{}
	vm.Parent, vm.ResourcePool = &at.folder.Self, &at.pool
	vm.Runtime.Host, vm.Summary.Runtime.Host = &at.host, &at.host
	vm.Config.Uuid = uuid.NewSHA1(uuid.NameSpaceOID, []byte("bios "+m.name+at.folder.Self.Value)).String()
	vm.Config.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceOID, []byte("instance "+m.name+at.folder.Self.Value)).String()
	vm.Summary.Config.Uuid, vm.Summary.Config.InstanceUuid = vm.Config.Uuid, vm.Config.InstanceUuid
	for i, device := range vm.Config.Hardware.Device {
		if card, is := device.(types.BaseVirtualEthernetCard); is {
			card.GetVirtualEthernetCard().MacAddress = fmt.Sprintf("00:50:56:%02x:%02x:%02x", 0x80+i&0x3f, m.index>>8&255, m.index&255)
		}
	}
	host := l.registry.Get(at.host).(*simulator.HostSystem)
	switch compute := l.registry.Get(*host.Parent).(type) {
	case *simulator.ClusterComputeResource:
		vm.EnvironmentBrowser = *compute.EnvironmentBrowser
	case *mo.ComputeResource:
		vm.EnvironmentBrowser = *compute.EnvironmentBrowser
	}

	l.registry.Put(&vm)
	vm.Summary.Vm = &vm.Self
	at.folder.ChildEntity = append(at.folder.ChildEntity, vm.Self)
	host.Vm = append(host.Vm, vm.Self)
	if pool, is := l.registry.Get(at.pool).(*simulator.ResourcePool); is {
		pool.Vm = append(pool.Vm, vm.Self)
	}
	for _, ref := range vm.Datastore {
		datastore := l.registry.Get(ref).(*simulator.Datastore)
		datastore.Vm = append(datastore.Vm, vm.Self)
	}
	return &vm
}

// clone is a deep copy, with every string passed through edit.
func clone[T any](value *T, edit func(string) string) *T {
	out := new(T)
	deepCopy(reflect.ValueOf(out).Elem(), reflect.ValueOf(value).Elem(), edit)
	return out
}

var timeType = reflect.TypeFor[time.Time]()

func deepCopy(to, from reflect.Value, edit func(string) string) {
	switch from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			deepCopy(to.Elem(), from.Elem(), edit)
		}
	case reflect.Interface:
		if !from.IsNil() {
			inner := reflect.New(from.Elem().Type()).Elem()
			deepCopy(inner, from.Elem(), edit)
			to.Set(inner)
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				deepCopy(to.Index(i), from.Index(i), edit)
			}
		}
	case reflect.Struct:
		if from.Type() == timeType {
			to.Set(from)
			return
		}
		for i := range from.NumField() {
			deepCopy(to.Field(i), from.Field(i), edit)
		}
	case reflect.String:
		if text := from.String(); edit != nil && text != "" {
			to.SetString(edit(text))
		} else {
			to.SetString(text)
		}
	default:
		to.Set(from)
	}
}
