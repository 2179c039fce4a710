package main

import (
	"math"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// wave is a number between 0 and 1 that drifts with time, differently for every seed.
func wave(seed int, seconds float64) float64 {
	phase := float64(seed%97) / 97 * 2 * math.Pi
	slow := math.Sin(seconds/(180+float64(seed%50)) + phase)
	fast := math.Sin(seconds/17 + 3*phase)
	return 0.5 + 0.35*slow + 0.15*fast
}

func seedOf(ref types.ManagedObjectReference) int {
	seed := 7
	for _, r := range ref.Value {
		seed = (seed*31 + int(r)) % 1_000_003
	}
	return seed
}

// quickStats is a believable load for this VM at this moment.
func quickStats(vm *simulator.VirtualMachine, seconds float64) types.VirtualMachineQuickStats {
	heartbeat := vm.GuestHeartbeatStatus
	if heartbeat == "" { // of a VM that a client has made
		heartbeat = types.ManagedEntityStatusGray
	}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return types.VirtualMachineQuickStats{GuestHeartbeatStatus: heartbeat}
	}
	seed := seedOf(vm.Self)
	load := wave(seed, seconds)
	memory := vm.Summary.Config.MemorySizeMB
	cpu := int32(load * float64(vm.Summary.Config.NumCpu) * 900)
	active := int32(float64(memory) * (0.1 + 0.5*load))
	stats := types.VirtualMachineQuickStats{
		OverallCpuUsage:              cpu,
		OverallCpuDemand:             cpu + cpu/20,
		OverallCpuReadiness:          int32(load * 40),
		GuestMemoryUsage:             active,
		HostMemoryUsage:              memory/10*9 + int32(load*64),
		GuestHeartbeatStatus:         heartbeat,
		DistributedCpuEntitlement:    cpu,
		DistributedMemoryEntitlement: active,
		StaticCpuEntitlement:         vm.Summary.Config.NumCpu * 2000,
		StaticMemoryEntitlement:      memory,
		GrantedMemory:                memory,
		PrivateMemory:                memory / 10 * 8,
		SharedMemory:                 memory / 10,
		ConsumedOverheadMemory:       60 + memory/512,
	}
	if vm.Runtime.BootTime != nil {
		stats.UptimeSeconds = int32(time.Since(*vm.Runtime.BootTime).Seconds())
	}
	return stats
}
