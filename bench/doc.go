// Command bench has the same work done by this repository's library, by its peers and by a program in C,
// in turn, on one machine and in one run, and writes tables and charts. It is started in its directory:
//
//	cd bench && go run .
//
// README.md says how it measures.
package main
