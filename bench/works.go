//go:build linux

package main

// This file lists the works, and how much is done of each.

import "fmt"

type sizes struct {
	repeating, fresh int   // events of delivery
	running          int   // events while the writer runs
	latency          int   // events one at a time
	decode           int   // records
	depths           []int // of the trees that are set up
	rename           int   // depth of the tree that is renamed
	created          int   // depth of the tree that is created
	singles          int   // watches
	idle             int   // instances
}

var (
	full = sizes{repeating: 300000, fresh: 200000, running: 300000, latency: 2000, decode: 20000000,
		depths: []int{3, 4, 5}, rename: 5, created: 4, singles: 100000, idle: 1000}
	quick = sizes{repeating: 10000, fresh: 10000, running: 10000, latency: 200, decode: 200000,
		depths: []int{2, 3}, rename: 3, created: 2, singles: 1000, idle: 50}
)

var (
	forDelivery = []string{idC, "inoseq", "inoseq-path", "fsnotify", "k8s", "gonotify", "rjeczalik", idTool}
	forReading  = []string{idC, "inoseq", "fsnotify", "k8s", "gonotify", "rjeczalik", idTool}
	forLatency  = []string{idC, "inoseq", "fsnotify", "k8s", "gonotify", "rjeczalik"}
	forSetUp    = []string{idC, "inoseq", "fsnotify", "k8s", "gonotify", "rjeczalik", idTool}
	forTrees    = []string{"inoseq", "fsnotify", "k8s", "gonotify", "rjeczalik", idTool}
	forSingles  = []string{idC, "inoseq", "fsnotify", "k8s", "gonotify"}
	forIdle     = []string{"inoseq", "fsnotify", "k8s", "gonotify"}
)

func works(s sizes) []work {
	all := []work{
		{name: "delivery-same", title: "a full queue is drained; 64 names in turn", n: s.repeating,
			contenders: forDelivery, round: roundDelivery(true)},
		{name: "delivery-new", title: "a full queue is drained; each name new", n: s.fresh,
			contenders: forDelivery, round: roundDelivery(false)},
		{name: "running", title: "a writer runs beside the reader", n: s.running,
			contenders: forReading, round: roundRunning},
		{name: "latency", title: "one event at a time", n: s.latency,
			contenders: forLatency, round: roundLatency},
		{name: "decode", title: "decoding alone", n: s.decode,
			contenders: []string{"inoseq"}, round: roundDecode},
	}
	for _, depth := range s.depths {
		all = append(all, work{name: setUpName(depth), title: fmt.Sprintf("a tree of %d directories is set up", dirsOf(depth)),
			n: depth, contenders: forSetUp, prepare: prepareSetUp, round: roundSetUp, finish: removeTree})
	}
	return append(all,
		work{name: "rename", title: "a directory with many below it is renamed", n: s.rename,
			contenders: forTrees, prepare: prepareRename, round: roundRename, finish: removeTree},
		work{name: "created", title: "a tree is created by another process", n: s.created,
			contenders: forTrees, round: roundCreated},
		work{name: "moved", title: "a tree is moved in from outside", n: s.created,
			contenders: forTrees, prepare: prepareMoved, round: roundMoved, finish: removeTree},
		work{name: "singles", title: "many watches are added and removed one by one", n: s.singles,
			contenders: forSingles, prepare: prepareSingles, round: roundSingles, finish: removeTree},
		work{name: "idle", title: "many instances that do nothing", n: s.idle,
			contenders: forIdle, round: roundIdle},
	)
}

func setUpName(depth int) string { return fmt.Sprintf("setup-%d", dirsOf(depth)) }
