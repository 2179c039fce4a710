package main

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	motionTick  = 5 * time.Second
	motionTurns = 4 // ticks in which every VM has had its turn
)

// move keeps the load of VMs and hosts going. quickStats and storage do not notify on a real vCenter, so they are written
// without telling the property collector; free space does, and moves once a minute.
func (l *lab) move() {
	began := time.Now()
	for turn := 0; ; turn++ {
		time.Sleep(motionTick)
		seconds := time.Since(began).Seconds()
		for i, entity := range l.registry.All("VirtualMachine") {
			if vm, is := entity.(*simulator.VirtualMachine); is && (seedOf(vm.Self)+turn)%motionTurns == 0 {
				ctx := l.context()
				ctx.WithLock(vm, func() { moveMachine(vm, seconds, i) })
			}
		}
		for _, entity := range l.registry.All("HostSystem") {
			if host, is := entity.(*simulator.HostSystem); is {
				ctx := l.context()
				ctx.WithLock(host, func() { moveHost(host, seconds) })
			}
		}
		if turn%12 == 11 {
			l.moveDatastores()
		}
	}
}

func moveMachine(vm *simulator.VirtualMachine, seconds float64, index int) {
	vm.Summary.QuickStats = quickStats(vm, seconds)
	if storage := vm.Summary.Storage; storage != nil && index%4 == 0 && storage.Uncommitted > 64<<20 {
		moved := *storage
		moved.Committed, moved.Uncommitted = moved.Committed+4<<20, moved.Uncommitted-4<<20
		moved.Timestamp = time.Now().UTC()
		vm.Summary.Storage = &moved
	}
}

func moveHost(host *simulator.HostSystem, seconds float64) {
	load := wave(seedOf(host.Self), seconds)
	hardware, stats := host.Summary.Hardware, &host.Summary.QuickStats
	stats.OverallCpuUsage = int32(load * float64(hardware.CpuMhz) * float64(hardware.NumCpuCores) * 0.7)
	stats.OverallMemoryUsage = int32(float64(hardware.MemorySize>>20) * (0.4 + 0.3*load))
	if host.Runtime.BootTime != nil {
		stats.Uptime = int32(time.Since(*host.Runtime.BootTime).Seconds())
	}
}

func (l *lab) moveDatastores() {
	for _, entity := range l.registry.All("Datastore") {
		datastore, is := entity.(*simulator.Datastore)
		if !is || datastore.Summary.FreeSpace < 1<<32 {
			continue
		}
		free := datastore.Summary.FreeSpace - 256<<20
		l.registry.AtomicUpdate(l.context(), datastore, []types.PropertyChange{{Name: "summary.freeSpace", Val: free}})
	}
}
