package main

import (
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// changes hands every change in the registry to the collectors that wait. One listener for all of them: the simulator
// keys its listeners by reference, and the default property collector has the same reference in every session.
type changes struct {
	self       types.ManagedObjectReference
	mu         sync.RWMutex
	collectors map[*collector]struct{}
}

func newChanges() *changes {
	return &changes{
		self:       types.ManagedObjectReference{Type: "LabChanges", Value: "changes"},
		collectors: map[*collector]struct{}{},
	}
}

func (h *changes) Reference() types.ManagedObjectReference { return h.self }

func (h *changes) subscribe(c *collector) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.collectors[c] = struct{}{}
}

func (h *changes) unsubscribe(c *collector) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.collectors, c)
}

func (h *changes) each(f func(*collector)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.collectors {
		f(c)
	}
}

func (h *changes) PutObject(_ *simulator.Context, obj mo.Reference) {
	ref := obj.Reference()
	h.each(func(c *collector) { c.note(ref, change{added: true}) })
}

func (h *changes) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	h.each(func(c *collector) { c.note(ref, change{removed: true}) })
}

func (h *changes) UpdateObject(ctx *simulator.Context, obj mo.Reference, set []types.PropertyChange) {
	ref := obj.Reference()
	var names []string
	for _, property := range set {
		if !silent(ref.Type, property.Name) {
			names = append(names, property.Name)
		}
	}
	if len(names) > 0 {
		h.each(func(c *collector) { c.note(ref, change{names: names}) })
	}
}

// touch makes the collectors look at the whole object: for what the simulator changes without telling anybody.
func (h *changes) touch(ref types.ManagedObjectReference) {
	h.each(func(c *collector) { c.note(ref, change{names: []string{everything}}) })
}

// change is what happened to one object.
type change struct {
	names          []string // properties that were written
	added, removed bool
}

func (c change) membership() bool { return c.added || c.removed }

// everything as the name of a change stands for every property.
const everything = "*"

// silentPaths never notify on a real vCenter (API reference, "since vSphere API 5.0"), by managed type; "" is any entity.
var silentPaths = map[string][]string{
	"": {"overallStatus", "configStatus", "triggeredAlarmState", "recentTask", "disabledMethod"},
	"VirtualMachine": {
		"layout", "layoutEx", "storage", "summary.quickStats", "summary.storage", "summary.overallStatus",
		"runtime.device", "runtime.maxCpuUsage", "runtime.maxMemoryUsage",
	},
	"HostSystem":             {"configManager", "summary.quickStats", "summary.overallStatus"},
	"ResourcePool":           {"summary", "runtime"},
	"ComputeResource":        {"summary.overallStatus"},
	"ClusterComputeResource": {"summary.overallStatus", "drsFault"},
	"TaskManager":            {"recentTask"},
}

func silent(kind, name string) bool {
	for _, list := range [][]string{silentPaths[""], silentPaths[kind]} {
		for _, path := range list {
			if name == path || strings.HasPrefix(name, path+".") {
				return true
			}
		}
	}
	return false
}
