package main

import (
	"fmt"
	"log"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// taskWatch sees every task before it begins: it makes it cancelable, lets fault rules fail it, and moves its progress.
type taskWatch struct {
	Self types.ManagedObjectReference
	lab  *lab

	mu        sync.Mutex
	cancelled map[types.ManagedObjectReference]bool
	messages  map[types.ManagedObjectReference]string // of tasks that a fault rule fails
}

func (l *lab) watchTasks() {
	l.tasks = &taskWatch{
		Self: types.ManagedObjectReference{Type: "LabTasks", Value: "tasks"}, lab: l,
		cancelled: map[types.ManagedObjectReference]bool{}, messages: map[types.ManagedObjectReference]string{},
	}
	l.registry.AddHandler(l.tasks)
}

func (w *taskWatch) Reference() types.ManagedObjectReference                       { return w.Self }
func (w *taskWatch) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}

// PutObject is called when the task exists but nothing of it has run.
func (w *taskWatch) PutObject(_ *simulator.Context, object mo.Reference) {
	task, is := object.(*simulator.Task)
	if !is || task.Execute == nil {
		return
	}
	info := &task.Info
	info.Cancelable = true
	info.Reason = &types.TaskReasonUser{UserName: w.lab.options.username}
	if entity, is := w.lab.registry.Get(*info.Entity).(mo.Entity); is {
		info.EntityName = entity.Entity().Name
	}
	work := task.Execute
	task.Execute = func(t *simulator.Task) (result types.AnyType, fault types.BaseMethodFault) {
		defer func() { // some bad specs make the simulator panic, which must not end the lab
			if reason := recover(); reason != nil {
				log.Printf("%s: panic: %v\n%s", info.DescriptionId, reason, debug.Stack())
				result, fault = nil, &types.SystemError{Reason: fmt.Sprint(reason)}
			}
		}()
		if w.isCancelled(t.Self) {
			return nil, &types.RequestCanceled{}
		}
		if rule := w.lab.faults.match(true, info.DescriptionId, info.Entity.Type, info.Entity.Value); rule != nil {
			w.mu.Lock()
			w.messages[t.Self] = rule.Message
			w.mu.Unlock()
			return nil, rule.fault
		}
		return work(t)
	}
	if length := time.Duration(simulator.TaskDelay.Delay) * time.Millisecond; length >= 200*time.Millisecond {
		go w.progress(task, length)
	}
}

// UpdateObject sees a task end: its object may have changed without notice, and the words for its fault are missing.
func (w *taskWatch) UpdateObject(_ *simulator.Context, object mo.Reference, set []types.PropertyChange) {
	task, is := object.(*mo.Task)
	if !is || task.Info.Entity == nil {
		return
	}
	for _, property := range set {
		if property.Name == "info.state" && property.Val == types.TaskInfoStateSuccess {
			theChanges.touch(*task.Info.Entity)
		}
	}
	if fault := task.Info.Error; fault != nil && strings.HasPrefix(fault.LocalizedMessage, "*") {
		w.mu.Lock()
		message := w.messages[task.Self]
		delete(w.messages, task.Self)
		w.mu.Unlock()
		if message == "" {
			message = describe(fault.Fault)
		}
		fault.LocalizedMessage = message
	}
}

// progress moves a slow task from 0 to 95 % in tenths of its length.
func (w *taskWatch) progress(task *simulator.Task, length time.Duration) {
	for step := int32(1); step < 10; step++ {
		time.Sleep(length / 10)
		ctx, done := w.lab.context(), false
		ctx.WithLock(task, func() {
			if done = task.Info.State != types.TaskInfoStateRunning; !done {
				ctx.Update(task, []types.PropertyChange{{Name: "info.progress", Val: step * 10}})
			}
		})
		if done {
			return
		}
	}
}

func (w *taskWatch) isCancelled(ref types.ManagedObjectReference) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cancelled[ref]
}

// CancelTask ends a task that waits for its turn or for -task-delay. The simulator's own only writes the state, and the
// task then does its work all the same.
func (o *overrides) CancelTask(ctx *simulator.Context, req *types.CancelTask) soap.HasFault {
	body := &methods.CancelTaskBody{}
	task, is := o.lab.registry.Get(req.This).(*simulator.Task)
	if !is {
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.This})
		return body
	}
	ctx.WithLock(task, func() {
		answer := task.CancelTask(ctx, req)
		if body.Fault_ = answer.Fault(); body.Fault_ != nil {
			return
		}
		body.Res = &types.CancelTaskResponse{}
		w := o.lab.tasks
		w.mu.Lock()
		w.cancelled[task.Self] = true
		w.mu.Unlock()
		// The simulator will write the end of the task once more when its delay is over. It writes into the object that it
		// began with, so a copy in its place keeps this end.
		final := &simulator.Task{Task: task.Task}
		o.lab.registry.Put(final)
	})
	return body
}

// describe words a fault, for which the simulator has only the name of its Go type.
func describe(fault types.BaseMethodFault) string {
	switch f := fault.(type) {
	case *types.InvalidPowerState:
		return fmt.Sprintf("The attempted operation cannot be performed in the current state (%s).", f.ExistingState)
	case *types.RequestCanceled:
		return "The task was canceled by a user."
	case *types.DuplicateName:
		return fmt.Sprintf("The name '%s' already exists.", f.Name)
	case *types.InvalidArgument:
		return "A specified parameter was not correct: " + f.InvalidProperty
	}
	return fmt.Sprintf("The operation failed: %s.", reflect.TypeOf(fault).Elem().Name())
}
