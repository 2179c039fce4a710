package main

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	vimxml "github.com/vmware/govmomi/vim25/xml"
)

// filter is a PropertyFilter that keeps a list of the objects it must look at again. Its fields are guarded by the
// collector's mutex, but for `sent`, which only the call that waits uses.
type filter struct {
	mo.PropertyFilter

	collector *collector
	fresh     bool                                               // nothing was sent yet
	stale     bool                                               // the traversal must be done again
	queue     []types.ManagedObjectReference                     // what to look at, in order
	queued    map[types.ManagedObjectReference][]string          // and which properties of it
	members   map[types.ManagedObjectReference]struct{}          // what the traversal selects
	sent      map[types.ManagedObjectReference]map[string]uint64 // digest of every value that was sent, by path
	ignored   map[types.ManagedObjectReference]struct{}          // selected, but of a type that the filter does not ask for
	gone      map[types.ManagedObjectReference]struct{}          // removed from the registry
	edges     []string                                           // properties that the traversal goes along
}

func newFilter(c *collector, req *types.CreateFilter) *filter {
	f := &filter{collector: c}
	f.Self.Type = "PropertyFilter"
	f.Spec, f.PartialUpdates = req.Spec, req.PartialUpdates
	for _, set := range f.Spec.ObjectSet {
		f.addEdges(set.SelectSet)
	}
	f.restart()
	return f
}

func (f *filter) addEdges(specs []types.BaseSelectionSpec) {
	for _, spec := range specs {
		if traversal, is := spec.(*types.TraversalSpec); is {
			f.edges = append(f.edges, traversal.Path)
			f.addEdges(traversal.SelectSet)
		}
	}
}

func (f *filter) restart() {
	f.fresh, f.stale = true, true
	f.queue = nil
	f.queued = map[types.ManagedObjectReference][]string{}
	f.members = map[types.ManagedObjectReference]struct{}{}
	f.sent = map[types.ManagedObjectReference]map[string]uint64{}
	f.ignored = map[types.ManagedObjectReference]struct{}{}
	f.gone = map[types.ManagedObjectReference]struct{}{}
}

func (f *filter) DestroyPropertyFilter(ctx *simulator.Context, req *types.DestroyPropertyFilter) soap.HasFault {
	f.collector.drop(f)
	ctx.Session.Remove(ctx, req.This)
	return &methods.DestroyPropertyFilterBody{Res: &types.DestroyPropertyFilterResponse{}}
}

// note says whether the change concerns this filter.
func (f *filter) note(ref types.ManagedObjectReference, what change) bool {
	work := false
	// A view announces its own changes; along any other path an object that comes or goes may change what is selected.
	if what.membership() && len(f.edges) > 0 && !f.alongView() {
		f.stale, work = true, true
	}
	for _, name := range what.names {
		if slices.Contains(f.edges, name) {
			f.stale, work = true, true
		}
	}
	if _, member := f.members[ref]; !member {
		return work
	}
	if _, ignored := f.ignored[ref]; ignored {
		return work
	}
	if what.removed {
		f.gone[ref] = struct{}{}
	}
	f.look(ref, what.names)
	return true
}

func (f *filter) alongView() bool { return len(f.edges) == 1 && f.edges[0] == "view" }

// look puts an object on the list.
func (f *filter) look(ref types.ManagedObjectReference, names []string) {
	if _, is := f.queued[ref]; !is {
		f.queue = append(f.queue, ref)
	}
	f.queued[ref] = append(f.queued[ref], names...)
}

// next looks at objects until it has so many updates, and says whether there is more.
func (f *filter) next(ctx *simulator.Context, size int) ([]types.ObjectUpdate, bool, types.BaseMethodFault) {
	if fault := f.traverse(ctx); fault != nil {
		return nil, false, fault
	}
	var updates []types.ObjectUpdate
	for len(updates) < size {
		refs, names := f.take(size - len(updates))
		if len(refs) == 0 {
			break
		}
		updates = append(updates, f.read(ctx, refs, names)...)
	}
	f.collector.mu.Lock()
	defer f.collector.mu.Unlock()
	return updates, len(f.queue) > 0, nil
}

func (f *filter) take(n int) ([]types.ManagedObjectReference, map[types.ManagedObjectReference][]string) {
	f.collector.mu.Lock()
	defer f.collector.mu.Unlock()
	n = min(n, len(f.queue))
	refs := f.queue[:n:n]
	f.queue = f.queue[n:]
	names := make(map[types.ManagedObjectReference][]string, n)
	for _, ref := range refs {
		names[ref] = f.queued[ref]
		delete(f.queued, ref)
	}
	return refs, names
}

// traverse finds out what the filter selects now, if that may have changed, and lists what came and what went.
func (f *filter) traverse(ctx *simulator.Context) types.BaseMethodFault {
	f.collector.mu.Lock()
	stale, fresh := f.stale, f.fresh
	f.stale, f.fresh = false, false
	f.collector.mu.Unlock()
	if !stale {
		return nil
	}
	refs, fault := f.selected(ctx)
	if fault != nil {
		return fault
	}
	f.collector.mu.Lock()
	defer f.collector.mu.Unlock()
	now := make(map[types.ManagedObjectReference]struct{}, len(refs))
	for _, ref := range refs {
		now[ref] = struct{}{}
		if _, was := f.members[ref]; !was || fresh {
			f.look(ref, nil)
		}
	}
	for ref := range f.members {
		if _, is := now[ref]; !is {
			f.look(ref, nil)
			delete(f.ignored, ref)
		}
	}
	f.members = now
	return nil
}

// selected are the objects that the filter's object set leads to.
func (f *filter) selected(ctx *simulator.Context) ([]types.ManagedObjectReference, types.BaseMethodFault) {
	if len(f.Spec.ObjectSet) == 1 && f.alongView() {
		var view []types.ManagedObjectReference
		object := ctx.Session.Get(f.Spec.ObjectSet[0].Obj)
		switch v := object.(type) {
		case *simulator.ContainerView:
			ctx.WithLock(v, func() { view = slices.Clone(v.View) })
			return view, nil
		case *simulator.ListView:
			ctx.WithLock(v, func() { view = slices.Clone(v.View) })
			return view, nil
		case nil:
			return nil, &types.ManagedObjectNotFound{Obj: f.Spec.ObjectSet[0].Obj}
		}
	}
	spec := f.Spec
	spec.PropSet = nil
	for _, set := range f.Spec.PropSet {
		spec.PropSet = append(spec.PropSet, types.PropertySpec{Type: set.Type}) // no paths: only the references
	}
	objects, fault := f.retrieve(ctx, spec)
	var refs []types.ManagedObjectReference
	for _, object := range objects {
		refs = append(refs, object.Obj)
	}
	return refs, fault
}

func (f *filter) retrieve(ctx *simulator.Context, spec types.PropertyFilterSpec) ([]types.ObjectContent, types.BaseMethodFault) {
	answer := f.collector.PropertyCollector.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{
		This: f.collector.Self, SpecSet: []types.PropertyFilterSpec{spec},
	})
	if fault := answer.Fault(); fault != nil {
		base, _ := fault.Detail.Fault.(types.BaseMethodFault)
		return nil, base
	}
	return answer.(*methods.RetrievePropertiesExBody).Res.Returnval.Objects, nil
}

// read turns objects into updates: enter, modify with what differs from what was sent, or leave.
func (f *filter) read(
	ctx *simulator.Context, refs []types.ManagedObjectReference, names map[types.ManagedObjectReference][]string,
) []types.ObjectUpdate {
	var updates []types.ObjectUpdate
	var unknown []types.ManagedObjectReference
	for _, ref := range refs {
		sent, was := f.sent[ref]
		switch {
		case was && !f.selects(ref):
			delete(f.sent, ref)
			updates = append(updates, types.ObjectUpdate{Obj: ref, Kind: types.ObjectUpdateKindLeave})
		case was:
			for _, content := range f.contents(ctx, affected(f.Spec.PropSet, ref.Type, names[ref]), ref) {
				if set := difference(sent, content, ref.Type, names[ref]); len(set) > 0 {
					updates = append(updates, types.ObjectUpdate{Obj: ref, Kind: types.ObjectUpdateKindModify, ChangeSet: set})
				}
			}
		case f.selects(ref):
			unknown = append(unknown, ref)
		}
	}
	entered := map[types.ManagedObjectReference]bool{}
	for _, content := range f.contents(ctx, f.Spec.PropSet, unknown...) {
		sent := map[string]uint64{}
		update := types.ObjectUpdate{Obj: content.Obj, Kind: types.ObjectUpdateKindEnter, MissingSet: content.MissingSet}
		for _, property := range content.PropSet {
			sent[property.Name] = digest(property.Val)
			update.ChangeSet = append(update.ChangeSet, types.PropertyChange{
				Name: property.Name, Op: types.PropertyChangeOpAssign, Val: property.Val,
			})
		}
		f.sent[content.Obj] = sent
		entered[content.Obj] = true
		updates = append(updates, update)
	}
	f.collector.mu.Lock()
	defer f.collector.mu.Unlock()
	for _, ref := range unknown {
		if !entered[ref] {
			f.ignored[ref] = struct{}{}
		}
	}
	return updates
}

// contents reads objects; those that are gone, or that the property set is not about, are left out.
func (f *filter) contents(
	ctx *simulator.Context, properties []types.PropertySpec, refs ...types.ManagedObjectReference,
) []types.ObjectContent {
	if len(refs) == 0 || len(properties) == 0 {
		return nil
	}
	spec := types.PropertyFilterSpec{PropSet: properties, ReportMissingObjectsInResults: types.NewBool(true)}
	for _, ref := range refs {
		spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
	}
	objects, _ := f.retrieve(ctx, spec) // its one fault is for missing objects, and those are only left out here
	return objects
}

func (f *filter) selects(ref types.ManagedObjectReference) bool {
	f.collector.mu.Lock()
	defer f.collector.mu.Unlock()
	_, gone := f.gone[ref]
	_, member := f.members[ref]
	return member && !gone
}

// difference is what changed against the digests, which it brings up to date. A value that is no longer there is
// assigned nothing, or removed indirectly if it was something around it that went.
func difference(before map[string]uint64, content types.ObjectContent, kind string, names []string) []types.PropertyChange {
	var set []types.PropertyChange
	present := map[string]bool{}
	for _, property := range content.PropSet {
		present[property.Name] = true
		sum := digest(property.Val)
		if old, was := before[property.Name]; was && old == sum {
			continue
		}
		before[property.Name] = sum
		set = append(set, types.PropertyChange{Name: property.Name, Op: types.PropertyChangeOpAssign, Val: property.Val})
	}
	for path := range before {
		if present[path] || !concerns(path, names) || silent(kind, path) {
			continue
		}
		delete(before, path)
		op := types.PropertyChangeOpAssign
		if !slices.Contains(names, path) {
			op = types.PropertyChangeOpIndirectRemove
		}
		set = append(set, types.PropertyChange{Name: path, Op: op})
	}
	return set
}

// affected is the part of a property set that changes of these names may touch. What never notifies is not in it, even
// when an object is looked at as a whole.
func affected(sets []types.PropertySpec, kind string, names []string) []types.PropertySpec {
	var out []types.PropertySpec
	for _, set := range sets {
		if isTrue(set.All) {
			return sets
		}
		kept := types.PropertySpec{Type: set.Type}
		for _, path := range set.PathSet {
			if concerns(path, names) && !silent(kind, path) {
				kept.PathSet = append(kept.PathSet, path)
			}
		}
		if len(kept.PathSet) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

func concerns(path string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return name == everything || name == path || inside(path, name) || inside(name, path)
	})
}

func inside(inner, outer string) bool {
	return strings.HasPrefix(inner, outer+".") || strings.HasPrefix(inner, outer+"[")
}

var digestSeed = maphash.MakeSeed()

func digest(value types.AnyType) uint64 {
	var hash maphash.Hash
	hash.SetSeed(digestSeed)
	_ = vimxml.NewEncoder(&hash).Encode(value)
	return hash.Sum64()
}

// check reads the first objects once, to refuse paths that do not exist.
func (f *filter) check(ctx *simulator.Context) types.BaseMethodFault {
	refs, fault := f.selected(ctx)
	if fault != nil {
		return fault
	}
	spec := types.PropertyFilterSpec{PropSet: f.Spec.PropSet, ReportMissingObjectsInResults: types.NewBool(true)}
	kinds := map[string]bool{}
	for _, ref := range refs {
		if !kinds[ref.Type] {
			kinds[ref.Type] = true
			spec.ObjectSet = append(spec.ObjectSet, types.ObjectSpec{Obj: ref})
		}
	}
	objects, fault := f.retrieve(ctx, spec)
	if fault != nil {
		return fault
	}
	return invalidProperty(objects)
}

// invalidProperty is the fault for the first property that its object does not have.
func invalidProperty(objects []types.ObjectContent) types.BaseMethodFault {
	for _, object := range objects {
		for _, missing := range object.MissingSet {
			if fault, is := missing.Fault.Fault.(*types.InvalidProperty); is {
				return fault
			}
		}
	}
	return nil
}
