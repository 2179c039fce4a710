package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// subject is what a value depends on: the size of the entity and whether it runs.
type subject struct {
	seed     int
	kind     string
	live     bool // has realtime samples
	on       bool
	mhz      float64
	memoryKB float64
	cpus     int
	disks    int
	nics     []string
	boot     int64
}

func (l *lab) subject(ctx *simulator.Context, ref types.ManagedObjectReference) (subject, bool) {
	s := subject{seed: seedOf(ref), kind: ref.Type, on: true, mhz: 50_000, memoryKB: 1 << 28, cpus: 1, nics: []string{""}}
	object := l.registry.Get(ref)
	if object == nil {
		return s, false
	}
	switch e := object.(type) {
	case *simulator.VirtualMachine:
		ctx.WithLock(e, func() {
			s.live, s.on = true, e.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
			s.cpus, s.mhz = int(e.Summary.Config.NumCpu), float64(e.Summary.Config.NumCpu)*900
			s.memoryKB = float64(e.Summary.Config.MemorySizeMB) * 1024
			s.disks, s.nics = int(e.Summary.Config.NumVirtualDisks), []string{"4000"}
			if e.Runtime.BootTime != nil {
				s.boot = e.Runtime.BootTime.Unix()
			}
		})
	case *simulator.HostSystem:
		ctx.WithLock(e, func() {
			s.live, s.on = true, e.Runtime.ConnectionState == types.HostSystemConnectionStateConnected
			s.cpus, s.mhz = int(e.Summary.Hardware.NumCpuThreads), float64(e.Summary.Hardware.CpuMhz)*float64(e.Summary.Hardware.NumCpuCores)
			s.memoryKB, s.nics = float64(e.Summary.Hardware.MemorySize>>10), []string{"vmnic0", "vmnic1"}
			if e.Runtime.BootTime != nil {
				s.boot = e.Runtime.BootTime.Unix()
			}
		})
	case *simulator.ResourcePool:
		s.live = true
	}
	return s, true
}

// counter is what is needed of a PerfCounterInfo.
type counter struct {
	key               int32
	group, name, unit string
}

// instances are the series that an instance of a query asks for. Virtual disks have no aggregate.
func (c counter) instances(asked string, s subject) []string {
	switch {
	case asked == "" && c.group == "virtualDisk" && s.kind == "VirtualMachine":
		return nil
	case asked != "*":
		return []string{asked}
	}
	switch {
	case c.group == "virtualDisk":
		return numberedInstances("scsi0:%d", s.disks)
	case c.group == "cpu":
		return append(numberedInstances("%d", s.cpus), "")
	case c.group == "net":
		return append(s.nics, "")
	}
	return []string{""}
}

func numberedInstances(format string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

// value is the sample at a time (seconds since 1970), in the unit of the counter.
func (c counter) value(s subject, instance string, at int64) int64 {
	seconds := float64(at)
	load := wave(s.seed, seconds)
	own := wave(s.seed+int(c.key)*13+len(instance)*7, seconds)
	switch c.name {
	case "uptime":
		return max(0, at-s.boot)
	case "swapped", "swapused", "vmmemctl", "swapinRate", "swapoutRate", "swapin", "swapout":
		return int64(max(0, own-0.9) * 4096) // a little, and seldom
	case "droppedRx", "droppedTx", "errorsRx", "errorsTx":
		return int64(max(0, own-0.93) * 100)
	case "active":
		return int64(s.memoryKB * (0.1 + 0.5*load))
	case "consumed":
		return int64(s.memoryKB * (0.85 + 0.1*load))
	case "granted", "capacity", "provisioned":
		return int64(s.memoryKB)
	case "latency", "costop":
		return int64(own * own * 120)
	}
	share := 1.0
	if instance != "" && c.group == "cpu" {
		share = 1 / float64(max(1, s.cpus))
	}
	switch c.unit {
	case "percent":
		return int64((0.8*load + 0.2*own) * 9500)
	case "megaHertz":
		return int64(load * s.mhz * share)
	case "millisecond":
		if c.group == "cpu" {
			return int64(own * 400 * share)
		}
		return int64(own * own * 12)
	case "kiloBytes":
		return int64(s.memoryKB * (0.2 + 0.2*own))
	case "kiloBytesPerSecond":
		return int64(own * own * 24_000)
	case "watt":
		return int64(s.mhz/200 + 60*load)
	}
	return int64(own * 500)
}
