package main

import (
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// sessionInfo is one element of GET /sessions.
type sessionInfo struct {
	Key        string    `json:"key"`
	Username   string    `json:"username"`
	UserAgent  string    `json:"user_agent"`
	Address    string    `json:"address"`
	LoginAt    time.Time `json:"login_at"`
	LastActive time.Time `json:"last_active_at"`
	Calls      int64     `json:"calls"`
}

func (l *lab) sessionList() []sessionInfo {
	// The list is filled in when a session looks at the manager.
	manager := l.context().Session.Get(*l.model.ServiceContent.SessionManager).(*simulator.SessionManager)
	list := make([]sessionInfo, 0, len(manager.SessionList))
	for _, s := range manager.SessionList {
		list = append(list, sessionInfo{s.Key, s.UserName, s.UserAgent, s.IpAddress, s.LoginTime, s.LastActiveTime, s.CallCount})
	}
	return list
}

// sessionFilter says which sessions to end; empty fields match all.
type sessionFilter struct {
	Key       string `json:"key"`
	UserAgent string `json:"user_agent"` // part of it
}

func (l *lab) terminateSessions(filter sessionFilter) (any, error) {
	ended := 0
	for _, s := range l.sessionList() {
		if filter.Key != "" && s.Key != filter.Key || !strings.Contains(s.UserAgent, filter.UserAgent) {
			continue
		}
		manager := l.registry.SessionManager()
		if manager.TerminateSession(l.context(), &types.TerminateSession{This: manager.Self, SessionId: []string{s.Key}}).Fault() == nil {
			l.sessions.forget(l, s.Key)
			ended++
		}
	}
	return map[string]int{"ended": ended}, nil
}

// sessions remembers what each login has made, because the simulator shows that only to the session's own calls.
type sessions struct {
	mu    sync.Mutex
	owned map[string]*simulator.Registry
}

func (s *sessions) remember(session *simulator.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.owned[session.Key]; !known {
		s.owned[session.Key] = session.Registry
	}
}

// forget ends the waits of a session and drops its collectors, filters and views.
func (s *sessions) forget(l *lab, key string) {
	s.mu.Lock()
	owned := s.owned[key]
	delete(s.owned, key)
	s.mu.Unlock()
	if owned == nil {
		return
	}
	for _, object := range owned.AllReference("") {
		switch o := object.(type) {
		case *collector:
			o.end()
		case simulator.RegisterObject:
			l.registry.RemoveHandler(o)
		}
	}
}
