package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// changeSpec is POST /change: something that another client of this vCenter does.
type changeSpec struct {
	Op     string `json:"op"`     // rename, power, annotate, create, destroy, move, storm
	VM     string `json:"vm"`     // moref value or name; empty = the first VM that fits
	Name   string `json:"name"`   // new name, or name of what is created
	State  string `json:"state"`  // poweredOn, poweredOff, suspended
	Text   string `json:"text"`   // annotation
	Folder string `json:"folder"` // path below the VM folder: Prod/Web
	Count  int    `json:"count"`  // how many to create, to destroy, or changes of the storm
}

// change answers with the ids of what it changed, when it has changed.
func (l *lab) change(spec changeSpec) (any, error) {
	count := max(1, spec.Count)
	var changed []string
	var err error
	switch spec.Op {
	case "create":
		changed, err = l.createMore(spec.Name, count)
	case "destroy":
		changed, err = l.destroy(spec.VM, count)
	case "storm":
		changed, err = l.storm(count)
	default:
		var vm *simulator.VirtualMachine
		if vm, err = l.find(spec.VM); err == nil {
			changed = []string{vm.Self.Value}
			err = l.changeOne(vm, spec)
		}
	}
	return map[string][]string{"objects": changed}, err
}

func (l *lab) changeOne(vm *simulator.VirtualMachine, spec changeSpec) error {
	ctx := l.context()
	var answer soap.HasFault
	switch spec.Op {
	case "rename":
		answer = vm.RenameTask(ctx, &types.Rename_Task{This: vm.Self, NewName: spec.Name})
	case "annotate":
		answer = vm.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: vm.Self, Spec: types.VirtualMachineConfigSpec{Annotation: spec.Text}})
	case "move":
		folder, err := l.findFolder(spec.Folder)
		if err != nil {
			return err
		}
		answer = l.overrides.MoveIntoFolderTask(ctx, &types.MoveIntoFolder_Task{This: folder.Self, List: []types.ManagedObjectReference{vm.Self}})
	case "power":
		switch types.VirtualMachinePowerState(spec.State) {
		case types.VirtualMachinePowerStatePoweredOn:
			answer = vm.PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: vm.Self})
		case types.VirtualMachinePowerStatePoweredOff:
			answer = vm.PowerOffVMTask(ctx, &types.PowerOffVM_Task{This: vm.Self})
		case types.VirtualMachinePowerStateSuspended:
			answer = vm.SuspendVMTask(ctx, &types.SuspendVM_Task{This: vm.Self})
		default:
			return fmt.Errorf("no power state %q", spec.State)
		}
	default:
		return fmt.Errorf("no change %q", spec.Op)
	}
	_, err := l.await(answer)
	return err
}

// machines are all VMs but templates, by age.
func (l *lab) machines() []*simulator.VirtualMachine {
	var all []*simulator.VirtualMachine
	for _, entity := range l.registry.All("VirtualMachine") {
		if vm, is := entity.(*simulator.VirtualMachine); is && !vm.Config.Template {
			all = append(all, vm)
		}
	}
	slices.SortFunc(all, func(a, b *simulator.VirtualMachine) int {
		if byLength := len(a.Self.Value) - len(b.Self.Value); byLength != 0 {
			return byLength
		}
		return strings.Compare(a.Self.Value, b.Self.Value)
	})
	return all
}

func (l *lab) find(which string) (*simulator.VirtualMachine, error) {
	for _, vm := range l.machines() {
		if which == "" || vm.Self.Value == which || vm.Name == which {
			return vm, nil
		}
	}
	return nil, fmt.Errorf("no VM %q", which)
}

func (l *lab) findFolder(path string) (*simulator.Folder, error) {
	for _, s := range l.sites {
		if folder := s.folders[path]; folder != nil {
			return folder, nil
		}
		if path == "" {
			return s.vmFolder, nil
		}
	}
	return nil, fmt.Errorf("no folder %q", path)
}

func (l *lab) createMore(name string, count int) ([]string, error) {
	l.creating.Lock()
	defer l.creating.Unlock()
	var made []string
	for i := range count {
		l.created++
		m := plan(0, 1)
		m.index = l.options.machines + l.created
		m.name = name
		if name == "" {
			m.name = fmt.Sprintf("new-%04d", l.created)
		} else if i > 0 {
			m.name = fmt.Sprintf("%s-%d", name, i+1)
		}
		vm, err := l.createMachine(l.sites[0], m, l.sites[0].place(m, m.index))
		if err != nil {
			return made, err
		}
		made = append(made, vm.Self.Value)
	}
	return made, nil
}

// destroy takes the named VM, or the newest so many.
func (l *lab) destroy(which string, count int) ([]string, error) {
	victims := l.machines()
	if which != "" {
		vm, err := l.find(which)
		if err != nil {
			return nil, err
		}
		victims = []*simulator.VirtualMachine{vm}
	}
	var gone []string
	for _, vm := range victims[max(0, len(victims)-count):] {
		if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
			if _, err := l.await(vm.PowerOffVMTask(l.context(), &types.PowerOffVM_Task{This: vm.Self})); err != nil {
				return gone, err
			}
		}
		if _, err := l.await(vm.DestroyTask(l.context(), &types.Destroy_Task{This: vm.Self})); err != nil {
			return gone, err
		}
		gone = append(gone, vm.Self.Value)
	}
	return gone, nil
}

// storm writes so many annotations, one VM after the other and around again, as fast as it can and without tasks.
func (l *lab) storm(count int) ([]string, error) {
	all := l.machines()
	if len(all) == 0 {
		return nil, fmt.Errorf("no VM")
	}
	var changed []string
	for i := range count {
		vm := all[i%len(all)]
		text := fmt.Sprintf("storm %d", i+1)
		l.registry.AtomicUpdate(l.context(), vm, []types.PropertyChange{
			{Name: "config.annotation", Val: text}, {Name: "summary.config.annotation", Val: text},
		})
		if i < len(all) {
			changed = append(changed, vm.Self.Value)
		}
	}
	return changed, nil
}
