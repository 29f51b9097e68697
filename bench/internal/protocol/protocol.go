// Package protocol is what the command and its contenders say to each other. A contender is started as
//
//	PROGRAM TASK DIR N
//
// and writes one JSON object a line to its standard output: one with Ready when it watches, if the task
// has something happen after that, and one with its figures when it is done.
package protocol

// The tasks.
const (
	Drain   = "drain"   // watch DIR, take N events
	Latency = "latency" // watch DIR, take N events and note when each came
	SetUp   = "setup"   // watch the tree at DIR
	Rename  = "rename"  // watch the tree at DIR, rename a in it to b
	Created = "created" // watch the tree at DIR, note what is told to have been created
	Singles = "singles" // watch N files in DIR one by one, and remove the watches
	Idle    = "idle"    // make N instances with a watch on DIR each
	Decode  = "decode"  // decode N records; no DIR
)

// Fence is the name of a file that stands in DIR, or in the root of a tree. Its removal ends a task
// whose events did not all come.
const Fence = "~fence"

// Names in the tree of task Rename, and the beginning of those of the files made to see which path is
// told for them.
const (
	From  = "a"
	To    = "b"
	Probe = "probe-"
)

// Message is a line.
type Message struct {
	Ready   bool               `json:"ready,omitempty"`
	PID     int                `json:"pid,omitempty"` // with Ready: the process that watches
	Error   string             `json:"error,omitempty"`
	Figures map[string]float64 `json:"figures,omitempty"`
	Times   []int64            `json:"times,omitempty"` // CLOCK_MONOTONIC, in nanoseconds
	Text    string             `json:"text,omitempty"`
}

// The names of figures. Times are in nanoseconds, sizes in bytes. A figure that is not known is left out.
const (
	Events     = "events"
	Overflows  = "overflows"
	End        = "end" // when the last event came: CLOCK_MONOTONIC
	CPU        = "cpu"
	Mallocs    = "mallocs"
	Bytes      = "bytes" // allocated
	Time       = "time"
	Heap       = "heap"
	Peak       = "peak"       // VmHWM
	Resident   = "resident"   // VmRSS
	Stacks     = "stacks"     // of goroutines
	Goroutines = "goroutines" // more than before
	Threads    = "threads"
	Add        = "add"
	Remove     = "remove"
	Told       = "told"       // time until the rename itself was told
	Below      = "below"      // time until something below it was told by its right path
	DirsTotal  = "dirs_total" // what is on the disk
	FilesTotal = "files_total"
	DirsLost   = "dirs_lost" // of them, never told
	FilesLost  = "files_lost"
	Twice      = "twice" // told to have been created more than once
	Records    = "records"
)
