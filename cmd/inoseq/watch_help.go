package main

// This file holds the help of the command watch.

const watchHelp = `Print a line for each thing that happens to PATH and, if it is a directory, to its
entries, until a signal comes. What is watched is the file or directory itself, not its
name: a file that is replaced by a rename, as editors do, is gone. To see the new one,
watch its directory.

A line is what happened and the quoted path: CREATE|ISDIR "dir/name". With --json it
is an object, {"time":"...","op":["CREATE","ISDIR"],"path":"dir/name"}; "cookie" joins
the two lines of a rename, "path_b64" has the bytes of a path that is not UTF-8.

When everything is being watched, "inoseq: watching N paths" is written to standard
error, and "ready" to the descriptor of --ready-fd, which is then closed. A PATH that
cannot be watched is told on standard error, and the others are watched; so is one on a
file system of which inotify sees a part only (NFS, SMB, 9p, FUSE, proc and others).

When changes come faster than they can be told, the kernel's queue overflows and events
are lost. That is told on standard error, with --json as {"time":"...","error":"..."} on
standard output, and watching goes on.

Whole trees
  With --recursive all that lies below PATH is watched, too, also what is made later,
  and the lines, applied in order, always lead to what is on the disk. A rename within
  the trees is one line, and takes along all that is below:
    MOVED_TO "dir/new" from "dir/old"            "from":"dir/old" in JSON
    MOVED_TO "dir/a" from "dir/b" (exchange)     they changed places; "exchange":true
    CREATE "dir/new/name" (synthetic)            found by looking; "synthetic":true
  MOVED_TO without "from" came from outside, MOVED_FROM went there. A PATH that is a
  file is watched as it is without --recursive. A PATH inside another one is refused. A
  directory that cannot be watched is told as an error, and the rest goes on. After an
  overflow the trees are looked at again; what has changed is told, as synthetic.

  --skip leaves out what matches GLOB, and costs no watch for what is below. GLOB is
  relative to PATH and must match all of the rest: '*' and '?' stop at a slash, '**'
  does not, [a-z], {one,other}; a slash at its end means directories only.
  --gitignore leaves out what git would: by the .gitignore files of the tree, and of the
  repository above it, and by its .git/info/exclude; and .git itself. When a .gitignore
  file in the tree changes, that counts at once: what is ignored now is told as DELETE,
  what is not any more as CREATE, both synthetic.

Formats
  --format prints TEXT for each event, and a newline. In it:
    %w  the watched directory, or with -r the one that the name is in, with a slash; or
        the watched file        %f  the name in it, or nothing: %w%f is the path
    %e  what happened: CREATE,ISDIR; %Xe joined by the character X instead of a comma
    %F  the old path of a rename that is one line       %c  the cookie, in hexadecimal
    %T  the time, as --timefmt says, or as in JSON      %0 NUL   %n newline   %% percent
  Names are as in --json: not CLOSE beside CLOSE_WRITE, as inotifywait has it. Paths are
  not quoted; -0 ends each event with a NUL instead of a newline.
  Lines are colored on a terminal, unless the variable NO_COLOR is set.

Batches and commands
  --batch prints what came in quick succession as one: with --json an array, otherwise
  lines that end with an empty one. A batch ends when nothing has come for DURATION, and
  at the latest after ten times that.
  --exec runs COMMAND with sh -c for each batch (of 100ms without --batch), one at a
  time. Standard input has the paths that have changed, once each, each ended by a NUL:
  of a rename both. Nothing else is printed. A batch that comes while COMMAND runs waits,
  or, with --on-busy restart, ends it (SIGTERM, and SIGKILL 5 seconds later, to all its
  processes), and it is run again for all paths. A signal ends COMMAND, too, within a
  second; --count, --timeout and all else let it run to its end. What COMMAND writes
  into a watched directory has it run again: leave that out with --skip or --events.

Other options
  --initial tells first what is there, as synthetic CREATE whatever --events says: what
  is told after that begins where it ends. PATH itself is told if it is a file.
  --count ends after N events, with status 0; --timeout when nothing has happened for
  DURATION, with status 3. A DURATION is 500ms, 10s, 1m30s.

Events (see inotify(7)):
  create, delete, delete_self, modify, close_write, attrib, moved_from, moved_to,
  move_self, access, open, close_nowrite
  close: close_write and close_nowrite; move: moved_from and moved_to; all_events
Without --events: all but access, open and close_nowrite, which come of reading.
The same list can say how to watch, but not with --recursive:
  onlydir, dont_follow, excl_unlink, mask_add, mask_create, oneshot

Exit status:
  0  a signal came (SIGINT or SIGTERM: what happened before it has been told), nobody
     reads the output any more, --count is reached, or, with oneshot, every path has had
     its event
  1  nothing can be watched, everything watched is gone, or something failed
  2  the command line is wrong
  3  nothing has happened for as long as --timeout says`

const watchExamples = `  inoseq watch /etc
  inoseq watch -e close_write,moved_to incoming
  inoseq watch -r --skip .git --skip '**/node_modules/' .
  inoseq watch -r --json -e move . | jq -r '.path // .error'
  inoseq watch -r -0 --format %w%f -e close_write photos | xargs -0 -n 1 thumbnail
  inoseq watch -r --gitignore --initial --on-busy restart --exec 'go run .' .
  inoseq watch -r --batch 2s --exec 'rsync -a --from0 --files-from=- . backup:' .
  inoseq watch --count 1 --timeout 10s -e create /run/service`
