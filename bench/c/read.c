/* What the others are measured against: a program in C that watches, reads with a buffer of 64 KiB and
 * walks the records. Usage and output are those of internal/protocol. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

static int fd;
static char buf[64 << 10] __attribute__((aligned(16)));
static unsigned long sum; /* so that the compiler leaves nothing out */

static void fail(const char *what)
{
	printf("{\"error\":\"%s: %s\"}\n", what, strerror(errno));
	exit(1);
}

static long long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void ready(void)
{
	printf("{\"ready\":true,\"pid\":%d}\n", (int)getpid());
	fflush(stdout);
}

/* fill returns how many bytes of records are in buf. */
static ssize_t fill(void)
{
	ssize_t n;

	do /* a stopped process that goes on gets EINTR: signal(7) */
		n = read(fd, buf, sizeof buf);
	while (n < 0 && errno == EINTR);
	return n;
}

/* drain takes up to most events, and notes when each came unless times is null. It returns how many
 * came before the end of the fence. */
static long drain(long most, long *overflows, long long *times)
{
	long n = 0;

	for (;;) {
		ssize_t got = fill(), p = 0;

		if (got <= 0)
			fail("read");
		while (p < got) {
			const struct inotify_event *e = (const void *)(buf + p);

			p += sizeof *e + e->len;
			if (e->mask & IN_Q_OVERFLOW) {
				++*overflows;
				continue;
			}
			if (e->mask & IN_DELETE)
				return n;
			sum += e->wd + e->mask + (e->len ? e->name[0] : 0);
			if (times)
				times[n] = now(CLOCK_MONOTONIC);
			if (++n == most)
				return n;
		}
	}
}

static void watch(const char *dir)
{
	if (inotify_add_watch(fd, dir, IN_ATTRIB | IN_CREATE | IN_DELETE) < 0)
		fail("inotify_add_watch");
}

static void task_drain(const char *dir, long most)
{
	long overflows = 0, n;
	long long cpu, end;

	watch(dir);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	ready();
	n = drain(most, &overflows, NULL);
	end = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"figures\":{\"events\":%ld,\"overflows\":%ld,\"cpu\":%lld", n, overflows, cpu);
	if (n == most)
		printf(",\"end\":%lld", end);
	printf("}}\n");
}

static void task_latency(const char *dir, long most)
{
	long overflows = 0, n, i;
	long long *times = calloc(most, sizeof *times);

	if (!times)
		fail("calloc");
	watch(dir);
	ready();
	n = drain(most, &overflows, times);
	printf("{\"figures\":{\"events\":%ld,\"overflows\":%ld},\"times\":[", n, overflows);
	for (i = 0; i < n; i++)
		printf("%s%lld", i ? "," : "", times[i]);
	printf("]}\n");
}

static void task_singles(const char *dir, long n)
{
	char path[PATH_MAX];
	int *wds = calloc(n, sizeof *wds);
	long long start, added, removed;
	long i;

	if (!wds)
		fail("calloc");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		fail("fcntl");
	start = now(CLOCK_MONOTONIC);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/file%08ld", dir, i);
		if ((wds[i] = inotify_add_watch(fd, path, IN_ATTRIB | IN_CREATE | IN_DELETE)) < 0)
			fail("inotify_add_watch");
	}
	added = now(CLOCK_MONOTONIC);
	for (i = 0; i < n; i++) {
		if (inotify_rm_watch(fd, wds[i]) < 0)
			fail("inotify_rm_watch");
		if (i % 1024 == 1023) /* the IGNORED of each */
			fill();
	}
	removed = now(CLOCK_MONOTONIC);
	printf("{\"figures\":{\"add\":%lld,\"remove\":%lld}}\n", added - start, removed - added);
}

int main(int argc, char **argv)
{
	long n;

	if (argc != 4 || (n = atol(argv[3])) <= 0) {
		fprintf(stderr, "usage: %s drain|latency|singles DIR N\n", argv[0]);
		return 2;
	}
	if ((fd = inotify_init1(IN_CLOEXEC)) < 0)
		fail("inotify_init1");
	if (!strcmp(argv[1], "drain"))
		task_drain(argv[2], n);
	else if (!strcmp(argv[1], "latency"))
		task_latency(argv[2], n);
	else if (!strcmp(argv[1], "singles"))
		task_singles(argv[2], n);
	else
		return 2;
	return sum == 1; /* which it is not */
}
