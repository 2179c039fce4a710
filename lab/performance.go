package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	realtime   = 20   // seconds between samples that hosts keep for an hour
	historical = 300  // seconds between samples of what has no realtime
	keptHour   = 3600 // seconds of realtime
	dayLong    = 86400

	maxQueryMetricsKey = "config.vpxd.stats.maxQueryMetrics"
)

// offerDiskCounters lets QueryAvailablePerfMetric list counters that the simulator knows and does not offer for VMs:
// disk.usage, disk.read and disk.write, then number and latency of the virtual disks' reads and writes.
func offerDiskCounters() {
	offer := func(metrics []types.PerfMetricId, instance string, keys ...int32) []types.PerfMetricId {
		for _, key := range keys {
			metrics = append(metrics, types.PerfMetricId{CounterId: key, Instance: instance})
		}
		return metrics
	}
	vpx.VmMetrics = offer(vpx.VmMetrics, "", 125, 130, 131)
	vpx.VmMetrics = offer(vpx.VmMetrics, "scsi0:0", 171, 172, 175, 176)
	esx.VmMetrics = offer(esx.VmMetrics, "", 131073, 131078, 131079)
	esx.VmMetrics = offer(esx.VmMetrics, "scsi0:0", 589824, 589825, 589828, 589829)
}

// indexCounters remembers the counters by key.
func (l *lab) indexCounters() {
	manager := l.registry.Get(*l.model.ServiceContent.PerfManager).(*simulator.PerformanceManager)
	l.counters = make(map[int32]counter, len(manager.PerfCounter))
	for _, info := range manager.PerfCounter {
		l.counters[info.Key] = counter{
			key: info.Key, unit: info.UnitInfo.GetElementDescription().Key,
			group: info.GroupInfo.GetElementDescription().Key, name: info.NameInfo.GetElementDescription().Key,
		}
	}
}

// setMaxQueryMetrics is vCenter's limit on one QueryPerf; not above 0 is none. Clients can read it as an option.
func (l *lab) setMaxQueryMetrics(limit int) {
	l.maxQueryMetrics.Store(int64(limit))
	options := l.registry.OptionManager()
	ctx := l.context()
	ctx.WithLock(options, func() {
		options.UpdateOptions(&types.UpdateOptions{ChangedValue: []types.BaseOptionValue{
			&types.OptionValue{Key: maxQueryMetricsKey, Value: strconv.Itoa(limit)},
		}})
	})
}

// QueryPerf answers with samples on vCenter's grid: times that are multiples of the interval, oldest first, and for the
// same time the same value whoever asks. The simulator's own run backwards from the moment of the call and are random.
func (o *overrides) QueryPerf(ctx *simulator.Context, req *types.QueryPerf) soap.HasFault {
	body := &methods.QueryPerfBody{}
	asked := 0
	for _, spec := range req.QuerySpec {
		asked += len(spec.MetricId)
	}
	if limit := int(o.lab.maxQueryMetrics.Load()); limit > 0 && asked > limit {
		body.Fault_ = simulator.Fault("This operation is restricted by the administrator - 'vpxd.stats.maxQueryMetrics'.",
			&types.RestrictedByAdministrator{Details: "vpxd.stats.maxQueryMetrics"})
		return body
	}
	body.Res = &types.QueryPerfResponse{}
	now := time.Now().Unix()
	for _, spec := range req.QuerySpec {
		subject, known := o.lab.subject(ctx, spec.Entity)
		if !known {
			return &methods.QueryPerfBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: spec.Entity})}
		}
		times, interval := sampleTimes(spec, subject, now)
		answer := newPerfAnswer(spec, interval, times)
		for _, id := range spec.MetricId {
			c, known := o.lab.counters[id.CounterId]
			if !known {
				return &methods.QueryPerfBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "querySpec.metricId"})}
			}
			if len(times) == 0 {
				continue
			}
			for _, instance := range c.instances(id.Instance, subject) {
				answer.add(types.PerfMetricId{CounterId: id.CounterId, Instance: instance}, c, subject, times)
			}
		}
		body.Res.Returnval = append(body.Res.Returnval, answer.result())
	}
	return body
}

// sampleTimes is the grid between start (exclusive) and end (inclusive); maxSample keeps the newest, for realtime only.
func sampleTimes(spec types.PerfQuerySpec, s subject, now int64) ([]int64, int64) {
	interval := int64(spec.IntervalId)
	if interval <= 0 {
		interval = historical
		if s.live {
			interval = realtime
		}
	}
	if !s.on || interval == realtime && !s.live {
		return nil, interval
	}
	kept := int64(dayLong)
	if interval == realtime {
		kept = keptHour
	}
	start, end := now-kept, now
	if spec.StartTime != nil {
		start = max(start, spec.StartTime.Unix())
	}
	if spec.EndTime != nil {
		end = min(end, spec.EndTime.Unix())
	}
	first, last := start/interval+1, end/interval
	if n := int64(spec.MaxSample); n > 0 && interval == realtime {
		first = max(first, last-n+1)
	}
	var times []int64
	for i := first; i <= last; i++ {
		times = append(times, i*interval)
	}
	return times, interval
}

// perfAnswer collects the series of one entity in either format.
type perfAnswer struct {
	csv  bool
	text types.PerfEntityMetricCSV
	list types.PerfEntityMetric
}

// PerfMetricIntSeries is the simulator's type with pointers, because its encoder leaves out numbers that are 0.
type PerfMetricIntSeries struct {
	types.PerfMetricSeries

	Value []*int64 `xml:"value,omitempty"`
}

func newPerfAnswer(spec types.PerfQuerySpec, interval int64, times []int64) *perfAnswer {
	a := &perfAnswer{csv: spec.Format == string(types.PerfFormatCsv)}
	a.text.Entity, a.list.Entity = spec.Entity, spec.Entity
	var info []string
	for _, t := range times {
		at := time.Unix(t, 0).UTC()
		if a.csv {
			info = append(info, strconv.FormatInt(interval, 10), at.Format(time.RFC3339))
		} else {
			a.list.SampleInfo = append(a.list.SampleInfo, types.PerfSampleInfo{Timestamp: at, Interval: int32(interval)})
		}
	}
	a.text.SampleInfoCSV = strings.Join(info, ",")
	return a
}

func (a *perfAnswer) add(id types.PerfMetricId, c counter, s subject, times []int64) {
	if a.csv {
		var b strings.Builder
		for i, t := range times {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.FormatInt(c.value(s, id.Instance, t), 10))
		}
		a.text.Value = append(a.text.Value, types.PerfMetricSeriesCSV{PerfMetricSeries: types.PerfMetricSeries{Id: id}, Value: b.String()})
		return
	}
	series := &PerfMetricIntSeries{PerfMetricSeries: types.PerfMetricSeries{Id: id}}
	for _, t := range times {
		value := c.value(s, id.Instance, t)
		series.Value = append(series.Value, &value)
	}
	a.list.Value = append(a.list.Value, series)
}

func (a *perfAnswer) result() types.BasePerfEntityMetricBase {
	if a.csv {
		return &a.text
	}
	return &a.list
}
