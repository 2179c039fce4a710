package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func hostName(s *site, index int) string {
	return fmt.Sprintf("esx%02d.%s.lab.test", index+1, lower(s.name))
}

// dressHost gives a host the hardware of a current two-socket server.
func (l *lab) dressHost(ref types.ManagedObjectReference, index int) {
	host := l.registry.Get(ref).(*simulator.HostSystem)
	const gib = int64(1) << 30
	models := []string{"PowerEdge R750", "ProLiant DL380 Gen10", "UCS C220 M6"}
	vendors := []string{"Dell Inc.", "HPE", "Cisco Systems Inc"}
	hardware := host.Summary.Hardware
	hardware.Vendor, hardware.Model = vendors[index%3], models[index%3]
	hardware.CpuModel = "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"
	hardware.CpuMhz = 2000 + int32(index%3)*200
	hardware.NumCpuPkgs, hardware.NumCpuCores, hardware.NumCpuThreads = 2, 32, 64
	hardware.MemorySize = (256 << (index % 2)) * gib
	hardware.NumNics, hardware.NumHBAs = 4, 2
	host.Hardware.MemorySize = hardware.MemorySize
	host.Hardware.CpuInfo = types.HostCpuInfo{NumCpuPackages: 2, NumCpuCores: 32, NumCpuThreads: 64, Hz: int64(hardware.CpuMhz) * 1e6}
	host.Hardware.SystemInfo.Vendor, host.Hardware.SystemInfo.Model = hardware.Vendor, hardware.Model

	boot := time.Now().Add(-time.Duration(20+index*7%90) * 24 * time.Hour).UTC()
	host.Runtime.BootTime = &boot
	host.Runtime.PowerState = types.HostSystemPowerStatePoweredOn
	host.Runtime.InMaintenanceMode = false
	product := host.Config.Product
	product.Version, product.ApiVersion, product.Build = esxVersion, esxAPIVersion, "23305546"
	product.FullName = "VMware ESXi " + esxVersion + " build-" + product.Build
	host.Config.Product = product
	host.Summary.Config.Product = &product
	host.Summary.Runtime = &host.Runtime
	host.Summary.OverallStatus = types.ManagedEntityStatusGreen
	host.Summary.ManagementServerIp = "127.0.0.1"
	host.Summary.QuickStats = types.HostListSummaryQuickStats{
		OverallCpuUsage:    int32(4000 + index*1777%20000),
		OverallMemoryUsage: int32(hardware.MemorySize >> 20 * int64(30+index*11%45) / 100),
		Uptime:             int32(time.Since(boot).Seconds()),
	}
}

// sumHosts recomputes what a compute resource has, because the hosts were dressed after they were added.
func (l *lab) sumHosts(summary *types.ComputeResourceSummary, hosts []types.ManagedObjectReference) {
	*summary = types.ComputeResourceSummary{OverallStatus: types.ManagedEntityStatusGreen}
	for _, ref := range hosts {
		hardware := l.registry.Get(ref).(*simulator.HostSystem).Summary.Hardware
		summary.TotalCpu += hardware.CpuMhz * int32(hardware.NumCpuCores)
		summary.TotalMemory += hardware.MemorySize
		summary.NumCpuCores += hardware.NumCpuCores
		summary.NumCpuThreads += hardware.NumCpuThreads
		summary.NumHosts++
		summary.NumEffectiveHosts++
	}
	summary.EffectiveCpu = summary.TotalCpu / 100 * 92
	summary.EffectiveMemory = summary.TotalMemory >> 20 * 94 / 100
}
