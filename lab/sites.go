package main

import (
	"fmt"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// site is where VMs can be placed: one datacenter, or the ESXi host.
type site struct {
	name       string
	folders    map[string]*simulator.Folder // by path: "Prod/Web"
	vmFolder   *simulator.Folder
	places     []place // clusters and standalone hosts
	datastores []string
	switchUUID string
	portGroups map[string]string // name → key; none on ESXi
}

// place is a cluster's or a standalone host's pools and hosts.
type place struct {
	pools []types.ManagedObjectReference
	hosts []types.ManagedObjectReference
}

var (
	datacenterNames = []string{"Frankfurt", "Dublin", "Oregon", "Singapore", "Osaka", "Toronto"}
	clusterNames    = []string{"Prod", "Dev", "DMZ", "Analytics", "Storage", "VDI"}
	poolNames       = []string{"Gold", "Silver", "Bronze", "Batch", "Sandbox"}
	vmFolders       = []string{"Prod", "Prod/Web", "Prod/App", "Prod/DB", "Dev", "Dev/CI", "Infra", "Templates"}
	portGroups      = []struct {
		name string
		vlan int32
	}{{"pg-web", 110}, {"pg-app", 120}, {"pg-db", 130}, {"pg-dev", 210}, {"pg-mgmt", 10}}
)

// numbered is names[i], and beyond the list the names again with a number.
func numbered(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s-%d", names[i%len(names)], i/len(names)+1)
}

func (l *lab) buildSites() ([]*site, error) {
	if l.options.esx {
		s, err := l.buildESX()
		return []*site{s}, err
	}
	var sites []*site
	for i := range l.options.datacenters {
		s, err := l.buildDatacenter(i)
		if err != nil {
			return nil, err
		}
		sites = append(sites, s)
	}
	return sites, nil
}

func (l *lab) folder(ref types.ManagedObjectReference) *simulator.Folder {
	return l.registry.Get(ref).(*simulator.Folder)
}

func (l *lab) buildDatacenter(index int) (*site, error) {
	ctx := l.context()
	parent := l.folder(l.model.ServiceContent.RootFolder)
	s := &site{name: numbered(datacenterNames, index), folders: map[string]*simulator.Folder{}, portGroups: map[string]string{}}
	if index < l.options.folders {
		created, err := l.createFolder(parent, "Region "+s.name)
		if err != nil {
			return nil, err
		}
		parent = created
	}
	ref, err := call[types.ManagedObjectReference](parent.CreateDatacenter(ctx, &types.CreateDatacenter{This: parent.Self, Name: s.name}))
	if err != nil {
		return nil, err
	}
	dc := l.registry.Get(ref).(*simulator.Datacenter)
	s.vmFolder = l.folder(dc.VmFolder)
	for _, path := range vmFolders {
		in := s.vmFolder
		if above := filepath.Dir(path); above != "." {
			in = s.folders[above]
		}
		if s.folders[path], err = l.createFolder(in, filepath.Base(path)); err != nil {
			return nil, err
		}
	}

	hostFolder := l.folder(dc.HostFolder)
	var hosts []types.ManagedObjectReference
	for i := range l.options.clusters {
		p, err := l.buildCluster(hostFolder, s, i, len(hosts))
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, p.hosts...)
		if len(p.hosts) > 0 {
			s.places = append(s.places, p)
		}
	}
	for range l.options.standalone {
		p, err := l.buildStandaloneHost(hostFolder, s, len(hosts))
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, p.hosts...)
		s.places = append(s.places, p)
	}
	if err := l.buildNetwork(l.folder(dc.NetworkFolder), s, hosts); err != nil {
		return nil, err
	}
	return s, l.buildDatastores(s, hosts)
}

func (l *lab) createFolder(parent *simulator.Folder, name string) (*simulator.Folder, error) {
	ref, err := call[types.ManagedObjectReference](parent.CreateFolder(l.context(), &types.CreateFolder{This: parent.Self, Name: name}))
	if err != nil {
		return nil, fmt.Errorf("folder %s: %w", name, err)
	}
	return l.folder(ref), nil
}

func (l *lab) buildCluster(folder *simulator.Folder, s *site, index, firstHost int) (place, error) {
	ctx := l.context()
	on := types.NewBool(true)
	ref, err := call[types.ManagedObjectReference](folder.CreateClusterEx(ctx, &types.CreateClusterEx{
		This: folder.Self,
		Name: s.name + " " + numbered(clusterNames, index),
		Spec: types.ClusterConfigSpecEx{},
	}))
	if err != nil {
		return place{}, err
	}
	cluster := l.registry.Get(ref).(*simulator.ClusterComputeResource)
	config := cluster.ConfigurationEx.(*types.ClusterConfigInfoEx)
	config.DasConfig.Enabled, config.DasConfig.AdmissionControlEnabled = on, on
	config.DrsConfig.DefaultVmBehavior = types.DrsBehaviorFullyAutomated

	p := place{pools: []types.ManagedObjectReference{*cluster.ResourcePool}}
	for i := range l.options.hosts {
		host, err := l.awaitRef(cluster.AddHostTask(ctx, &types.AddHost_Task{
			This: cluster.Self, Spec: types.HostConnectSpec{HostName: hostName(s, firstHost+i)}, AsConnected: true,
		}))
		if err != nil {
			return p, err
		}
		l.dressHost(host, firstHost+i)
		p.hosts = append(p.hosts, host)
	}
	l.sumHosts(cluster.Summary.GetComputeResourceSummary(), p.hosts)

	root := l.registry.Get(*cluster.ResourcePool).(*simulator.ResourcePool)
	for i := range l.options.pools {
		pool, err := call[types.ManagedObjectReference](root.CreateResourcePool(ctx, &types.CreateResourcePool{
			This: root.Self, Name: numbered(poolNames, i), Spec: types.DefaultResourceConfigSpec(),
		}))
		if err != nil {
			return p, err
		}
		p.pools = append(p.pools, pool)
	}
	return p, nil
}

func (l *lab) buildStandaloneHost(folder *simulator.Folder, s *site, index int) (place, error) {
	ref, err := l.awaitRef(folder.AddStandaloneHostTask(l.context(), &types.AddStandaloneHost_Task{
		This: folder.Self, Spec: types.HostConnectSpec{HostName: hostName(s, index)}, AddConnected: true,
	}))
	if err != nil {
		return place{}, err
	}
	resource := l.registry.Get(ref)
	if host, ok := resource.(*simulator.HostSystem); ok { // the simulator answers with the host, vCenter with its compute resource
		resource = l.registry.Get(*host.Parent)
	}
	compute := resource.(*mo.ComputeResource)
	l.dressHost(compute.Host[0], index)
	l.sumHosts(compute.Summary.GetComputeResourceSummary(), compute.Host)
	return place{pools: []types.ManagedObjectReference{*compute.ResourcePool}, hosts: compute.Host}, nil
}

// buildESX uses the host that the ESX model comes with.
func (l *lab) buildESX() (*site, error) {
	host := l.registry.Get(esx.HostSystem.Self).(*simulator.HostSystem)
	l.dressHost(host.Self, 0)
	compute := l.registry.Get(*host.Parent).(*mo.ComputeResource)
	l.sumHosts(compute.Summary.GetComputeResourceSummary(), compute.Host)
	dc := l.registry.Get(esx.Datacenter.Self).(*simulator.Datacenter)
	s := &site{
		name:     "esx",
		vmFolder: l.folder(dc.VmFolder),
		places:   []place{{pools: []types.ManagedObjectReference{*compute.ResourcePool}, hosts: compute.Host}},
	}
	return s, l.buildDatastores(s, compute.Host)
}
