package alerting

// This file is the machine itself: one input in, its consequences out.

import (
	"fmt"
)

// LogID identifies a log; transition ids are derived from it.
type LogID [16]byte

// Core is the state machine. Make one with New or Restore.
type Core struct {
	cfg    Config
	routes []route
	id     LogID
	seq    uint64 // Last input applied.
	wall   int64  // Logged time, Unix milliseconds.
	mono   int64  // The core's own clock, milliseconds; see clock.go.

	alerts     map[string]*alert
	groups     map[string]*group // By id, open and closed.
	latest     map[string]*group // The newest group of a key, while it is open.
	closed     []string          // Ids of closed groups, oldest first.
	open       int
	lastClosed map[string]string // The newest closed group of a key.
	supps      map[string]*suppression
	ended      []string // Ids of ended suppressions, oldest first.
	muting     muteIndex
	inventory  map[string]Thing
	timers     timerHeap // On the own clock.
	edges      timerHeap // Starts and ends of suppressions, on logged time.
	decisions  decisionRing
	outbox     outbox
	stats      counters

	// Scratch of one Apply.
	out     []Output
	ord     uint32
	steps   []Step
	refs    []string
	follow  []Event
	passing bool // Time passes; the input itself comes later.
	buf     []byte
}

// New returns an empty core for the log id.
func New(id LogID, cfg Config) (*Core, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("cannot start the alert core: %w", err)
	}
	c := &Core{id: id, mono: 1,
		alerts: map[string]*alert{}, groups: map[string]*group{}, latest: map[string]*group{}, lastClosed: map[string]string{},
		supps: map[string]*suppression{}, inventory: map[string]Thing{},
		outbox: outbox{byID: map[string]*Notification{}}, stats: newCounters(), muting: newMuteIndex()}
	c.setConfig(cfg)
	return c, nil
}

func (c *Core) setConfig(cfg Config) {
	c.cfg = cfg.withDefaults()
	c.routes = compileRoutes(c.cfg.Routes)
	c.decisions.max = c.cfg.Limits.Decisions
}

// Config returns the configuration in force.
func (c *Core) Config() Config { return c.cfg }

// Seq returns the sequence number of the last input applied.
func (c *Core) Seq() uint64 { return c.seq }

// ID returns the id of the log this core belongs to.
func (c *Core) ID() LogID { return c.id }

// Apply applies the next input of the log and returns what follows from it, in
// order. The slice (not what it points to) is reused by the next call. An input
// at or before Seq was applied already and changes nothing; Seq 0 stands for
// the next number.
//
// Time passes first: timers that fell due by in.At run at the moment they were
// due, so it makes no difference how often ticks come. The time between two
// inputs counts for at most Config.MaxStep: a longer silence in the log is a
// stopped service or a jumped clock, not time in which sources were asked. So
// whoever replays old inputs must tick at least every MaxStep, as TicksTo does.
func (c *Core) Apply(in Input) []Output {
	c.out, c.ord, c.follow = c.out[:0], 0, c.follow[:0]
	if in.Seq == 0 {
		in.Seq = c.seq + 1
	}
	if in.Seq <= c.seq {
		return nil
	}
	c.seq = in.Seq
	c.passing = true
	c.advance(in.At)
	c.passing = false
	switch {
	case in.Event != nil:
		c.takeEvent(*in.Event)
	case in.Suppress != nil:
		c.takeSuppression(*in.Suppress)
	case in.Expire != nil:
		c.takeExpire(*in.Expire)
	case in.Act != nil:
		c.takeAct(*in.Act)
	case in.Delivered != nil:
		c.takeDelivered(in.Delivered)
	case in.Inventory != nil:
		c.takeInventory(in.Inventory)
	case in.Config != nil:
		c.takeConfig(*in.Config)
	}
	c.runFollow()
	return c.out
}

// TicksTo returns the logged times of the ticks a replay must apply between
// from and to (both Unix milliseconds, exclusive) for time to pass in full.
func (c *Core) TicksTo(from, to int64) []int64 {
	var ticks []int64
	for t := from + c.cfg.MaxStep; from > 0 && t < to; t += c.cfg.MaxStep {
		ticks = append(ticks, t)
	}
	return ticks
}

// Check reports what is wrong with an input before it is logged: what Apply
// would refuse. Only the world guard and the limits need the state.
func (c *Core) Check(in Input) error {
	switch {
	case in.Event != nil:
		if err := in.Event.Validate(); err != nil {
			return err
		}
		return c.withinLimits(in.Event)
	case in.Suppress != nil:
		p, err := c.Preview(*in.Suppress)
		if err == nil && p.Guard != "" && !in.Suppress.Confirmed {
			err = guardError(in.Suppress.ID, p.Guard)
		}
		return err
	case in.Expire != nil:
		return c.checkExpire(*in.Expire)
	case in.Act != nil:
		return c.checkAct(*in.Act)
	case in.Config != nil:
		return in.Config.Validate()
	case in.Inventory != nil:
		return c.checkInventory(in.Inventory)
	}
	return nil
}

// takeEvent is the way of an event through the stages.
func (c *Core) takeEvent(e Event) {
	e = e.Defaults(c.wall)
	verdict, a := c.stages(&e)
	switch {
	case a == nil: // Refused before it was anybody's.
		c.decide(clip(e.ID, 80), "event "+clip(e.ID, 80)+" of "+clip(e.Monitor, 80), verdict)
	case verdict == Repeated:
		c.repeated(e.ID)
	default:
		c.decide(e.ID, fmt.Sprintf("event %s %s %s %s", e.ID, a.name(), e.Status, e.Priority), verdict)
	}
}

// stages runs validate, dedup, filter, suppress, group and notify.
func (c *Core) stages(e *Event) (Verdict, *alert) {
	c.steps, c.refs = nil, nil
	err := e.Validate()
	if err == nil {
		err = c.withinLimits(e)
	}
	if err != nil {
		return c.refuse("validate", "malformed event", err.Error()), nil
	}
	a, news, verdict := c.dedup(e)
	switch news {
	case newsNone:
		return verdict, a
	case newsContent:
		return c.contentChanged(a, verdict), a
	}
	verdict = c.filter(a)
	if verdict == Held && news == newsBoth && a.Counts == Unhealthy {
		verdict = c.contentChanged(a, verdict) // What is held unhealthy may still become urgent.
	}
	return verdict, a
}

// runFollow takes the events the core itself made (flapping).
func (c *Core) runFollow() {
	for len(c.follow) > 0 {
		e := c.follow[0]
		c.follow = c.follow[1:]
		c.takeEvent(e)
	}
	c.follow = nil
}

// say adds a stage's line to the trace in the making.
func (c *Core) say(stage, format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	c.steps = append(c.steps, Step{stage, format})
}

// refuse counts a refusal under reason and says the text.
func (c *Core) refuse(stage, reason, text string) Verdict {
	c.stats.Refusals[reason]++
	c.say(stage, "%s", text)
	return Refused
}

// decide closes the trace in the making and emits the decision.
func (c *Core) decide(id, what string, v Verdict) {
	d := &Decision{Event: id, Verdict: v, Timer: c.passing, Trace: Trace{Seq: c.seq, At: c.wall, What: what, Steps: c.steps}}
	c.stats.Verdicts[string(v)]++
	c.decisions.add(storedDecision{*d, c.refs})
	c.steps, c.refs = nil, nil
	c.emit(Output{Decision: d})
}

// repeated is the short way out of an event that says nothing new: most events
// are, and 200,000 traces of them would push out the ones people ask for.
func (c *Core) repeated(id string) {
	c.stats.Verdicts[string(Repeated)]++
	c.emit(Output{Decision: &Decision{Event: id, Verdict: Repeated,
		Trace: Trace{Seq: c.seq, At: c.wall, What: "repeated event", Steps: repeatedSteps}}})
}

var repeatedSteps = []Step{{"dedup", "says nothing new; its validity is extended"}}
