package main

import (
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// collector is a PropertyCollector whose updates cost what has changed. The simulator's own reads the whole inventory
// again, once for each filter and change, which at 10,000 VMs is seconds for one power operation; it also never checks
// versions. Reading (RetrievePropertiesEx) stays the simulator's.
type collector struct {
	simulator.PropertyCollector

	mu       sync.Mutex
	hub      *changes
	filters  []*filter
	counter  int
	version  string           // of the last set that was sent
	previous string           // the version that set followed
	last     *types.UpdateSet // that set, to be sent again if its answer was lost
	wake     chan struct{}    // there is work
	cancel   chan struct{}    // closed to end the wait under way
	ended    bool
}

// theChanges is the hub that a collector joins when it first waits. The simulator makes collectors by reflection, from
// nothing but their type, so they cannot be given it.
var theChanges = newChanges()

// useCollector puts the lab's collector in the place of the simulator's.
func (l *lab) useCollector() {
	c := &collector{}
	c.Self = l.model.ServiceContent.PropertyCollector
	l.registry.Put(c)
	l.registry.AddHandler(theChanges)
}

// maxObjectUpdates is vCenter's page, whatever a client asks for beyond it.
const maxObjectUpdates = 100

// settle lets the updates of one operation come together in one set.
const settle = 10 * time.Millisecond

func (c *collector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	own := &collector{}
	own.Self.Type = "PropertyCollector"
	return &methods.CreatePropertyCollectorBody{
		Res: &types.CreatePropertyCollectorResponse{Returnval: ctx.Session.Put(own).Reference()},
	}
}

func (c *collector) DestroyPropertyCollector(ctx *simulator.Context, req *types.DestroyPropertyCollector) soap.HasFault {
	c.end()
	c.mu.Lock()
	filters := c.filters
	c.filters = nil
	c.mu.Unlock()
	for _, f := range filters {
		ctx.Session.Remove(ctx, f.Self)
	}
	ctx.Session.Remove(ctx, req.This)
	return &methods.DestroyPropertyCollectorBody{Res: &types.DestroyPropertyCollectorResponse{}}
}

func (c *collector) CreateFilter(ctx *simulator.Context, req *types.CreateFilter) soap.HasFault {
	f := newFilter(c, req)
	if fault := f.check(ctx); fault != nil {
		return &methods.CreateFilterBody{Fault_: simulator.Fault("", fault)}
	}
	ref := ctx.Session.Put(f).Reference()
	c.mu.Lock()
	c.filters = append(c.filters, f)
	c.Filter = append(c.Filter, ref)
	c.mu.Unlock()
	c.signal()
	return &methods.CreateFilterBody{Res: &types.CreateFilterResponse{Returnval: ref}}
}

// drop takes a filter out.
func (c *collector) drop(f *filter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.filters {
		if other == f {
			c.filters = append(c.filters[:i:i], c.filters[i+1:]...)
			c.Filter = append(c.Filter[:i:i], c.Filter[i+1:]...)
			return
		}
	}
}

func (c *collector) CancelWaitForUpdates(*types.CancelWaitForUpdates) soap.HasFault {
	c.interrupt()
	return &methods.CancelWaitForUpdatesBody{Res: &types.CancelWaitForUpdatesResponse{}}
}

// end is for a session or collector that is gone: the wait under way is cancelled and nothing is noted any more.
func (c *collector) end() {
	c.mu.Lock()
	hub := c.hub
	c.ended = true
	c.mu.Unlock()
	if hub != nil {
		hub.unsubscribe(c)
	}
	c.interrupt()
}

func (c *collector) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		close(c.cancel)
		c.cancel = nil
	}
}

// signal wakes the wait under way, or the next one.
func (c *collector) signal() {
	c.mu.Lock()
	wake := c.wake
	c.mu.Unlock()
	if wake != nil {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// note remembers that an object has changed. It is called under the lock of that object, so it only writes it down.
func (c *collector) note(ref types.ManagedObjectReference, what change) {
	c.mu.Lock()
	work := false
	for _, f := range c.filters {
		work = f.note(ref, what) || work
	}
	c.mu.Unlock()
	if work {
		c.signal()
	}
}

// begin checks the version and makes this call the one that waits; an older one is cancelled.
func (c *collector) begin(version string) (again *types.UpdateSet, cancel chan struct{}, fault types.BaseMethodFault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil {
		close(c.cancel)
	}
	cancel = make(chan struct{})
	c.cancel = cancel
	if c.ended {
		return nil, cancel, &types.RequestCanceled{}
	}
	if c.hub == nil {
		c.hub, c.wake = theChanges, make(chan struct{}, 1)
		c.hub.subscribe(c)
	}
	switch {
	case version == "": // everything, from the beginning
		c.previous, c.version, c.last = "", "", nil
		for _, f := range c.filters {
			f.restart()
		}
	case version == c.version:
		c.last = nil
	case c.last != nil && version == c.previous && !isTrue(c.last.Truncated):
		return c.last, cancel, nil
	default:
		return nil, cancel, &types.InvalidCollectorVersion{}
	}
	return nil, cancel, nil
}

func (c *collector) WaitForUpdatesEx(ctx *simulator.Context, req *types.WaitForUpdatesEx) soap.HasFault {
	body := &methods.WaitForUpdatesExBody{}
	again, cancel, fault := c.begin(req.Version)
	if fault != nil {
		body.Fault_ = simulator.Fault("", fault)
		return body
	}
	body.Res = &types.WaitForUpdatesExResponse{Returnval: again}
	if again != nil {
		return body
	}

	size, once := maxObjectUpdates, false
	var timeout <-chan time.Time
	if options := req.Options; options != nil {
		if options.MaxObjectUpdates > 0 {
			size = min(size, int(options.MaxObjectUpdates))
		}
		if seconds := options.MaxWaitSeconds; seconds != nil {
			once = *seconds == 0
			if *seconds > 0 {
				timer := time.NewTimer(time.Duration(*seconds) * time.Second)
				defer timer.Stop()
				timeout = timer.C
			}
		}
	}

	for first := true; ; first = false {
		set, fault := c.next(ctx, req.Version, size)
		if fault != nil {
			body.Res, body.Fault_ = nil, simulator.Fault("", fault)
			return body
		}
		// The answer to version "" comes at once, even if there is nothing to tell but the version.
		if set != nil && (len(set.FilterSet) > 0 || req.Version == "") {
			body.Res.Returnval = set
			return body
		}
		if once && !first {
			return body
		}
		if once {
			time.Sleep(settle)
			continue
		}
		select {
		case <-c.wake:
			time.Sleep(settle)
		case <-timeout:
			return body
		case <-cancel:
			body.Res, body.Fault_ = nil, simulator.Fault("", &types.RequestCanceled{})
			return body
		}
	}
}

// next takes one page of work from the filters and gives it a version.
func (c *collector) next(ctx *simulator.Context, after string, size int) (*types.UpdateSet, types.BaseMethodFault) {
	c.mu.Lock()
	filters := append([]*filter(nil), c.filters...)
	c.mu.Unlock()

	set := &types.UpdateSet{}
	more := false
	for _, f := range filters {
		updates, rest, fault := f.next(ctx, size)
		if fault != nil {
			return nil, fault
		}
		size -= len(updates)
		more = more || rest
		if len(updates) > 0 {
			set.FilterSet = append(set.FilterSet, types.PropertyFilterUpdate{Filter: f.Self, ObjectSet: updates})
		}
	}
	if len(set.FilterSet) == 0 && after != "" {
		return nil, nil
	}
	if more {
		set.Truncated = types.NewBool(true)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counter++
	c.previous, c.version = after, strconv.Itoa(c.counter)
	set.Version = c.version
	c.last = set
	return set, nil
}

// WaitForUpdates is the old form, which pyVmomi still uses in places.
func (c *collector) WaitForUpdates(ctx *simulator.Context, req *types.WaitForUpdates) soap.HasFault {
	body := &methods.WaitForUpdatesBody{}
	answer := c.WaitForUpdatesEx(ctx, &types.WaitForUpdatesEx{This: req.This, Version: req.Version}).(*methods.WaitForUpdatesExBody)
	if answer.Fault_ != nil {
		body.Fault_ = answer.Fault_
	} else {
		body.Res = &types.WaitForUpdatesResponse{Returnval: *answer.Res.Returnval}
	}
	return body
}

// RetrievePropertiesEx is the simulator's, but a property that does not exist is a fault, as on vCenter.
func (c *collector) RetrievePropertiesEx(ctx *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	answer := c.PropertyCollector.RetrievePropertiesEx(ctx, req)
	if body, is := answer.(*methods.RetrievePropertiesExBody); is && body.Res != nil && body.Res.Returnval != nil {
		if fault := invalidProperty(body.Res.Returnval.Objects); fault != nil {
			return &methods.RetrievePropertiesExBody{Fault_: simulator.Fault("", fault)}
		}
	}
	return answer
}

// ContinueRetrievePropertiesEx is the simulator's, with the fault for an unknown token under its right name.
func (c *collector) ContinueRetrievePropertiesEx(ctx *simulator.Context, req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	answer := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, req)
	if body, is := answer.(*methods.ContinueRetrievePropertiesExBody); is && body.Fault_ != nil {
		body.Fault_ = simulator.Fault("", &types.InvalidProperty{Name: "token"})
	}
	return answer
}

// CancelRetrievePropertiesEx gives up the pages that were not fetched; the simulator lacks it.
func (c *collector) CancelRetrievePropertiesEx(ctx *simulator.Context, req *types.CancelRetrievePropertiesEx) soap.HasFault {
	for token := req.Token; token != ""; {
		answer := c.ContinueRetrievePropertiesEx(ctx, &types.ContinueRetrievePropertiesEx{This: req.This, Token: token})
		body := answer.(*methods.ContinueRetrievePropertiesExBody)
		if body.Fault_ != nil {
			return &methods.CancelRetrievePropertiesExBody{Fault_: body.Fault_}
		}
		token = body.Res.Returnval.Token
	}
	return &methods.CancelRetrievePropertiesExBody{Res: &types.CancelRetrievePropertiesExResponse{}}
}

// FetchResponse is the answer to Fetch, the undocumented method with which pyVmomi reads one property.
type FetchResponse struct {
	Returnval types.AnyType `xml:"returnval,omitempty,typeattr"`
}

type fetchBody struct {
	Res *FetchResponse `xml:"urn:vim25 FetchResponse,omitempty"`
}

func (*fetchBody) Fault() *soap.Fault { return nil }

// Fetch is the simulator's, which answers a property that is not set with something that pyVmomi cannot read. Its type
// cannot be named outside the simulator, so it is called by reflection.
func (c *collector) Fetch(ctx *simulator.Context, req any) soap.HasFault {
	method := reflect.ValueOf(&c.PropertyCollector).MethodByName("Fetch")
	answer := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(req)})[0].Interface().(soap.HasFault)
	if body, is := answer.(*methods.RetrievePropertiesExBody); is && body.Fault_ == nil {
		return &fetchBody{Res: &FetchResponse{}}
	}
	return answer
}

func isTrue(b *bool) bool { return b != nil && *b }
