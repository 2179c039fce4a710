package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
	vimxml "github.com/vmware/govmomi/vim25/xml"
)

// faultRule makes a method fail. It answers before the simulator looks at the call, session included.
type faultRule struct {
	ID          string          `json:"id"`
	Method      string          `json:"method"`                // "PowerOnVM_Task"; "*" = every method; with task: "VirtualMachine.powerOn"
	Type        string          `json:"type,omitempty"`        // managed type of the object; empty = any
	MOID        string          `json:"moid,omitempty"`        // value of the object; empty = any
	Task        bool            `json:"task,omitempty"`        // let the call pass and the task that it starts fail
	Fault       string          `json:"fault"`                 // vim25 type name: "InvalidState"
	Fields      json.RawMessage `json:"fields,omitempty"`      // fields of the fault, as VI/JSON writes them
	Message     string          `json:"message,omitempty"`     // faultstring, or the task's localizedMessage
	Count       int             `json:"count,omitempty"`       // times it applies; 0 = until removed
	Skip        int             `json:"skip,omitempty"`        // matching calls to let pass first
	Probability float64         `json:"probability,omitempty"` // 0 and 1 = always
	Delay       int             `json:"delay,omitempty"`       // milliseconds before the answer
	Used        int             `json:"used"`                  // times it has applied

	fault types.BaseMethodFault
}

type faultRules struct {
	mu    sync.Mutex
	next  int
	rules []*faultRule
}

func newFaultRules() *faultRules { return &faultRules{} }

func (f *faultRules) add(rule faultRule) (*faultRule, error) {
	kind, known := types.TypeFunc()(rule.Fault)
	if !known {
		return nil, fmt.Errorf("no vim25 type is called %q", rule.Fault)
	}
	value := reflect.New(kind)
	fault, is := value.Interface().(types.BaseMethodFault)
	if !is {
		return nil, fmt.Errorf("%s is not a fault", rule.Fault)
	}
	if len(rule.Fields) > 0 {
		if err := json.Unmarshal(rule.Fields, fault); err != nil {
			return nil, fmt.Errorf("fields of %s: %w", rule.Fault, err)
		}
	}
	rule.fault = fault
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	rule.ID = "rule-" + strconv.Itoa(f.next)
	f.rules = append(f.rules, &rule)
	return &rule, nil
}

func (f *faultRules) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

func (f *faultRules) list() []faultRule {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]faultRule, 0, len(f.rules))
	for _, rule := range f.rules {
		list = append(list, *rule)
	}
	return list
}

// match takes the first rule that fits and counts it.
func (f *faultRules) match(task bool, method, kind, moid string) *faultRule {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rule := range f.rules {
		switch {
		case rule.Task != task,
			rule.Method != "*" && rule.Method != method,
			rule.Type != "" && rule.Type != kind,
			rule.MOID != "" && rule.MOID != moid,
			rule.Count > 0 && rule.Used >= rule.Count,
			rule.Probability > 0 && rand.Float64() >= rule.Probability:
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		rule.Used++
		return rule
	}
	return nil
}

// answer writes the SOAP fault of the rule that fits this call, or says that none does.
func (f *faultRules) answer(w http.ResponseWriter, call soapCall) bool {
	rule := f.match(false, call.method, call.objectType, call.object)
	if rule == nil {
		return false
	}
	time.Sleep(time.Duration(rule.Delay) * time.Millisecond)
	body, err := soapFault(rule.fault, rule.Message)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return true
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(body)
	return true
}

// soapFault is a fault as vCenter sends it: the detail element is named after the type, and bears its xsi:type.
func soapFault(fault types.BaseMethodFault, message string) ([]byte, error) {
	name := reflect.TypeOf(fault).Elem().Name()
	inner, err := vimxml.Marshal(fault)
	if err != nil {
		return nil, err
	}
	// vimxml writes <Name>…</Name>; only the fields are wanted.
	fields := inner[len("<"+name+">") : len(inner)-len("</"+name+">")]
	var text []byte
	if text, err = xml.Marshal(struct {
		XMLName xml.Name `xml:"faultstring"`
		Text    string   `xml:",chardata"`
	}{Text: message}); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode>%s<detail><%[2]sFault xmlns="urn:vim25" xsi:type="%[2]s">%[3]s</%[2]sFault></detail></soapenv:Fault></soapenv:Body>
</soapenv:Envelope>`, text, name, fields), nil
}
