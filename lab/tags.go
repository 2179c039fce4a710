package main

import (
	"context"
	"net/url"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

var tagCategories = []struct {
	name, cardinality, description string
	tags                           []string
}{
	{"environment", "SINGLE", "Where it runs", []string{"production", "development", "test"}},
	{"backup", "SINGLE", "How often it is saved", []string{"daily", "weekly", "never"}},
	{"application", "MULTIPLE", "What it belongs to", []string{"shop", "billing", "intranet"}},
}

// attachTags makes categories and tags and attaches them. They exist only behind REST, so it is a client of the lab itself.
func (l *lab) attachTags(address *url.URL) error {
	if l.options.esx {
		return nil
	}
	ctx := context.Background()
	client := soap.NewClient(address, true) // the certificate is our own of a moment ago
	client.DefaultTransport().Proxy = nil
	vim := &vim25.Client{Client: client}
	session := rest.NewClient(vim)
	if err := session.Login(ctx, address.User); err != nil {
		return err
	}
	defer func() {
		_ = session.Logout(ctx)
		client.CloseIdleConnections()
	}()

	manager := tags.NewManager(session)
	attach := map[string][]mo.Reference{}
	for _, category := range tagCategories {
		id, err := manager.CreateCategory(ctx, &tags.Category{
			Name: category.name, Description: category.description, Cardinality: category.cardinality,
			AssociableTypes: []string{"VirtualMachine"},
		})
		if err != nil {
			return err
		}
		for i, name := range category.tags {
			tag, err := manager.CreateTag(ctx, &tags.Tag{Name: name, CategoryID: id})
			if err != nil {
				return err
			}
			for _, vm := range l.registry.All("VirtualMachine") {
				if l.hasTag(vm.(*simulator.VirtualMachine), category.name, name, i) {
					attach[tag] = append(attach[tag], vm.Reference())
				}
			}
		}
	}
	for tag, objects := range attach {
		if err := manager.AttachTagToMultipleObjects(ctx, tag, objects); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) hasTag(vm *simulator.VirtualMachine, category, tag string, number int) bool {
	switch seed := seedOf(vm.Self); category {
	case "environment":
		for _, value := range vm.Summary.CustomValue {
			if text, is := value.(*types.CustomFieldStringValue); is && text.Value == tag {
				return true
			}
		}
		return false
	case "application":
		return seed%4 == number
	default:
		return seed%3 == number
	}
}
