package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func (l *lab) buildNetwork(folder *simulator.Folder, s *site, hosts []types.ManagedObjectReference) error {
	ctx := l.context()
	ref, err := l.awaitRef(folder.CreateDVSTask(ctx, &types.CreateDVS_Task{
		This: folder.Self,
		Spec: types.DVSCreateSpec{ConfigSpec: &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: "dvs-" + lower(s.name)}, MaxMtu: 9000}},
	}))
	if err != nil {
		return err
	}
	dvs := l.registry.Get(ref).(*simulator.DistributedVirtualSwitch)
	s.switchUUID = dvs.Uuid
	for uplinks := 0; uplinks == 0; time.Sleep(time.Millisecond) { // a task of its own, and ids must not depend on who is first
		l.context().WithLock(dvs, func() { uplinks = len(dvs.Portgroup) })
	}
	members := &types.DVSConfigSpec{}
	for _, host := range hosts {
		members.Host = append(members.Host, types.DistributedVirtualSwitchHostMemberConfigSpec{
			Operation: string(types.ConfigSpecOperationAdd), Host: host,
		})
	}
	if _, err := l.await(dvs.ReconfigureDvsTask(ctx, &types.ReconfigureDvs_Task{This: dvs.Self, Spec: members})); err != nil {
		return err
	}
	var specs []types.DVPortgroupConfigSpec
	for _, pg := range portGroups {
		specs = append(specs, types.DVPortgroupConfigSpec{
			Name: pg.name, NumPorts: 8, Type: string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
			DefaultPortConfig: &types.VMwareDVSPortSetting{Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: pg.vlan}},
		})
	}
	if _, err := l.await(dvs.AddDVPortgroupTask(ctx, &types.AddDVPortgroup_Task{This: dvs.Self, Spec: specs})); err != nil {
		return err
	}
	for _, child := range dvs.Portgroup {
		pg := l.registry.Get(child).(*simulator.DistributedVirtualPortgroup)
		s.portGroups[pg.Name] = pg.Key
	}

	// One standard port group besides "VM Network", on the first host as vSphere would list it once.
	host := l.registry.Get(hosts[0]).(*simulator.HostSystem)
	system := l.registry.Get(*host.ConfigManager.NetworkSystem).(*simulator.HostNetworkSystem)
	answer := system.AddPortGroup(ctx, &types.AddPortGroup{
		This:    system.Self,
		Portgrp: types.HostPortGroupSpec{Name: "Backup Network", VlanId: 300, VswitchName: "vSwitch0"},
	})
	if fault := answer.Fault(); fault != nil {
		return fmt.Errorf("port group: %s", fault.String)
	}
	return nil
}

func (l *lab) buildDatastores(s *site, hosts []types.ManagedObjectReference) error {
	names := []string{"nvme-01", "nvme-02", "archive-nfs-01"}
	for i := range l.options.datastores {
		name := numbered(names, i)
		if l.options.esx {
			name = "datastore" + fmt.Sprint(i+1)
		}
		directory := filepath.Join(l.home(), lower(s.name)+"-"+name)
		if err := os.Mkdir(directory, 0o700); err != nil {
			return err
		}
		var ref types.ManagedObjectReference
		for _, hostRef := range hosts {
			host := l.registry.Get(hostRef).(*simulator.HostSystem)
			system := l.registry.Get(*host.ConfigManager.DatastoreSystem).(*simulator.HostDatastoreSystem)
			created, err := call[types.ManagedObjectReference](system.CreateLocalDatastore(l.context(), &types.CreateLocalDatastore{
				This: system.Self, Name: name, Path: directory,
			}))
			if err != nil {
				return fmt.Errorf("datastore %s: %w", name, err)
			}
			if created.Value != "" { // empty for the second and later hosts, which mount what exists
				ref = created
			}
		}
		datastore := l.registry.Get(ref).(*simulator.Datastore)
		datastore.Summary.MultipleHostAccess = types.NewBool(len(hosts) > 1)
		datastore.Summary.Type = "VMFS"
		if i%3 == 2 {
			datastore.Summary.Type = "NFS"
		}
		s.datastores = append(s.datastores, name)
	}
	return nil
}

// home is the simulator's temporary directory, removed on exit.
func (l *lab) home() string {
	for _, option := range l.registry.OptionManager().Setting {
		if value := option.GetOptionValue(); value.Key == "vcsim.home" {
			return value.Value.(string)
		}
	}
	return os.TempDir()
}
